// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

// Names, versions and licence texts of the packages that a bundle holds, as licences.txt beside it. A text that
// several packages share stands there once.
export function licences(): Plugin {
  return {
    name: 'sonde-licences',
    generateBundle(_, bundle) {
      const folders = new Set<string>()
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const id of Object.keys(chunk.modules)) {
          const found = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)
          if (found) folders.add(found[1]!)
        }
      }
      const packages = new Map<string, string[]>() // by licence text
      for (const folder of [...folders].sort()) {
        const text = textOf(folder)
        packages.set(text, [...(packages.get(text) ?? []), nameOf(folder)])
      }
      const parts = [...packages].map(([text, names]) => `${names.join('\n')}\n${'='.repeat(60)}\n${text}`)
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: parts.join('\n\n') })
    },
  }
}

function nameOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return `${name} ${version} (${license})`
}

function textOf(folder: string): string {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
  return file ? readFileSync(join(folder, file), 'utf8').trim() : ''
}
