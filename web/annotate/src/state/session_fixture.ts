// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { Client } from '../wire/client'
import type { ImageAction, PointPx, Radii } from '../wire/types'
import type { Channel } from './change_poller'
import { FakeServer, type Asked, type ImageKind } from './fake_server'
import type { KeyValueStore } from './outbox'
import { nowhere, paintTarget, type Paint } from './painting'
import { Session } from './session'
import type { PaintTarget } from './session_state'

// For tests: a session that talks to a server, in time that stands still.

export let server: FakeServer
let now = 0
let visible = true
const sessions: Session[] = []
const servers: FakeServer[] = []
// As they are before time stands still.
const [soon, later] = [setImmediate, setTimeout]

// A project with the labels 1, "nerve", and 2, "vessel".
export async function serve(images: Record<string, ImageKind>): Promise<void> {
  server = await FakeServer.begin(images)
  servers.push(server)
  await server.post('/api/labels', { kind: 'edit_label', label: 1, name: 'nerve' })
  await server.post('/api/labels', { kind: 'add_label', name: 'vessel', shortcut: '2' })
}

export function serveVolumes(): Promise<void> {
  return serve({ 'a.nii': 'volume', 'b.nii': 'volume' })
}

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
  const isPrepared = () => ['ready', 'failed'].includes(session.getState().embedding)
  if (session.getState().opened && server.encodes) await passUntil(isPrepared)
  return session
}

// Lets what has been asked be answered, without any time passing.
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 2; ++quiet) {
    await vi.advanceTimersByTimeAsync(0)
    await new Promise<void>((resolve) => soon(resolve))
    for (const one of servers) if (await one.answered()) quiet = -1
  }
}

// Lets time pass, and what is asked meanwhile be answered.
export async function pass(ms: number): Promise<void> {
  await settle()
  for (let left = ms; left > 0; left -= 50) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 50))
    await settle()
  }
}

// Lets time pass until it is so.
export async function passUntil(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); ++i) {
    await pass(50)
    await new Promise<void>((resolve) => void later(resolve, 1)) // for the server, whose time goes on
  }
  expect(holds()).toBe(true)
}

export async function passUntilDone<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => (isDone = true))
  await passUntil(() => isDone)
  return work
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

beforeEach(async () => {
  vi.useFakeTimers()
  now = 0
  visible = true
  await serve({ 'a.png': 'picture', 'b.png': 'picture', 'c.png': 'picture' })
})

afterEach(async () => {
  for (const session of sessions.splice(0)) session.stop()
  await settle()
  for (const one of servers.splice(0)) await one.end()
  vi.useRealTimers()
})

export function hidePage(): void {
  visible = false
}
