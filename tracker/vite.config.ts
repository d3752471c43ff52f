/** The script that the gateway serves; with `--mode package` the module that npm carries. */
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** One word for three, which packs better: no name is ever declared twice. A block then keeps all names in, as a function would. */
const letAlone: Plugin = {
  name: 'let-alone',
  renderChunk: (code) => code.replace(/\b(const|var)\b/g, 'let'),
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = file.code.replace(/^\(\(\)=>(\{.*\})\)\(\);?\s*$/s, '$1')
    }
  },
}

export default defineConfig(({ mode }) =>
  mode === 'package'
    ? { build: { lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index' }, target: 'es2020', minify: false } }
    : {
        plugins: [letAlone],
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
