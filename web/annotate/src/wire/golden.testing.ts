// SPDX-License-Identifier: Apache-2.0
// The examples that the tests of the server read too.
import { readFileSync } from 'node:fs'

export function golden<T>(name: string): T {
  const file = new URL(`../../../../test/data/wire/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

export function fromHex(hex: string): ArrayBuffer {
  const bytes = new Uint8Array(hex.length / 2)
  bytes.forEach((_, i) => (bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16)))
  return bytes.buffer
}
