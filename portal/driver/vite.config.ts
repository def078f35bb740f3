import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  base: '/c/',
  build: {
    outDir: 'dist',
    // placeholder.html lives there and is committed; scripts/clean.mjs removes the rest.
    emptyOutDir: false,
    assetsDir: 'static',
    target: 'es2022',
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': process.env.CCMS_URL ?? 'http://127.0.0.1:8080' } },
})
