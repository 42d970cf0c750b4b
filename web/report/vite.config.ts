// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vite'
import { licences } from '../licences'

// One classic script, which evaluate/ and train/ put into every report: no module could be loaded from a file there.
export default defineConfig({
  plugins: [licences()],
  esbuild: { legalComments: 'none' }, // licences.txt stands beside the script
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: 'report/src/main.ts',
      output: { format: 'iife', entryFileNames: 'report.js', inlineDynamicImports: true },
    },
  },
})
