/** The script that the gateway serves; with `--mode package` the module that npm carries. */
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) =>
  mode === 'package'
    ? { build: { lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index' }, target: 'es2020', minify: false } }
    : {
        build: {
          lib: { entry: 'src/script.ts', formats: ['iife'], name: '_', fileName: () => 'f.js' },
          outDir: '../src/footfall/static/tracker',
          emptyOutDir: true,
          target: 'es2020',
          minify: 'terser',
          terserOptions: { ecma: 2020, toplevel: true, compress: { passes: 4, unsafe_arrows: true } },
        },
        test: { environment: 'happy-dom', include: ['test/**/*.test.ts'] },
      },
)
