import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    // placeholder.html lives there and is committed; scripts/clean.mjs removes the rest.
    emptyOutDir: false,
    // Not "assets": that is where the screens of the Assets menu are.
    assetsDir: 'static',
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        // What changes seldom is kept apart, so that a new version of the portal
        // does not make everybody load React and antd again.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler|react-router)\//, priority: 3 },
            { name: 'echarts', test: /node_modules\/(echarts|zrender)\//, priority: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': process.env.CCMS_URL ?? 'http://127.0.0.1:8080' } },
})
