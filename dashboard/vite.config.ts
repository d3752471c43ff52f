/** How the dashboard is built: static files with relative addresses, servable from any path. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  base: './',
  build: {
    outDir: '../src/footfall/static/dashboard',
    emptyOutDir: true,
    // The Content-Security-Policy allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a gateway on its usual port.
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/v1': 'http://127.0.0.1:8000' } },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'] },
})
