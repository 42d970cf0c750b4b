// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config'
import { licences } from '../licences'

// The page runs under `script-src 'self'; style-src 'self'`: nothing may be inlined.
export default defineConfig({
  base: '/',
  plugins: [licences()],
  esbuild: { jsx: 'automatic', legalComments: 'eof' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
  },
  test: {
    environment: 'node',
    globalSetup: ['src/state/start_fake_server.ts'],
    setupFiles: ['src/test_setup.ts'],
    testTimeout: 30_000, // the server's time goes on, also on a busy machine
    include: ['src/**/*.test.{ts,tsx}'],
  },
})
