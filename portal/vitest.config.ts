import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  test: {
    environment: 'happy-dom',
    include: ['admin/src/**/*.test.{ts,tsx}', 'driver/src/**/*.test.{ts,tsx}', 'shared/**/*.test.ts'],
    env: { TZ: 'Pacific/Auckland' },
    restoreMocks: true,
  },
})
