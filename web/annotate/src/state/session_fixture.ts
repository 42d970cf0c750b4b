// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, vi } from 'vitest'
import { Client } from '../wire/client'
import type { ImageAction, PointPx, Radii } from '../wire/types'
import { FakeServer, type Asked } from './fake_server'
import { Session } from './session'
import type { KeyValueStore } from './outbox'
import { nowhere, paintTarget, type Paint } from './painting'
import type { PaintTarget } from './session_state'
import type { Channel } from './change_poller'

// For tests: a session that talks to a server in memory, in time that stands still.

export let server: FakeServer
let now = 0
let visible = true
const sessions: Session[] = []

export function keep(): KeyValueStore & { kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }
}

export async function begin(
  options: { keep?: KeyValueStore; channel?: Channel; image?: number; client?: string } = {},
): Promise<Session> {
  const session = new Session({
    client: new Client(server.fetch),
    identify: () => Promise.resolve(options.client ?? 'page-under-test'),
    keep: options.keep ?? null,
    channel: options.channel ?? null,
    isVisible: () => visible,
    now: () => now,
  })
  sessions.push(session)
  await session.start(options.image ?? null)
  await settle()
  return session
}

// Lets what has been asked be answered, without any time passing.
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

// As a person draws who goes on with what is selected.
export function stroke(
  session: Session,
  paint: Paint,
  radii: Radii,
  points: PointPx[],
  target: PaintTarget | null = paintTarget(session.getState(), paint, nowhere),
): Promise<void> {
  return session.editing.draw(paint, target, { kind: 'stroke', radii, points })
}

export const inside = (x: number, y: number) => ({ x, y, label: 1 }) as const
export const outside = (x: number, y: number) => ({ x, y, label: 0 }) as const

export function asks(): Extract<ImageAction, { kind: 'ask' }>[] {
  return server.actions().filter((action) => action.kind === 'ask')
}

export function isAction(asked: Asked): boolean {
  return asked.path.endsWith('/actions')
}

beforeEach(() => {
  vi.useFakeTimers()
  server = new FakeServer()
  now = 0
  visible = true
})

afterEach(() => {
  for (const session of sessions.splice(0)) session.stop()
  vi.useRealTimers()
})

export function hidePage(): void {
  visible = false
}
