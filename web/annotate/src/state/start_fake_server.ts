// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

const program = fileURLToPath(new URL('../../../../build/dev/sonde_fake_server', import.meta.url))

declare module 'vitest' {
  export interface ProvidedContext {
    fakeServer: string // where it listens
  }
}

// Of vitest: starts what the tests of the session talk to. Returns what ends it.
export default async function start({ provide }: TestProject): Promise<() => void> {
  if (!existsSync(program))
    throw new Error(
      `${program} is not built, and the tests talk to it: cmake --preset dev && ninja -C build/dev sonde_fake_server`,
    )
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const origin = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()))
    child.once('exit', (status) => reject(new Error(`${program} ended with status ${status}`)))
    child.once('error', reject)
  })
  provide('fakeServer', origin)
  return () => child.stdin.end()
}
