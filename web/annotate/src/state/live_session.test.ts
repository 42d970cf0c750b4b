// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Client } from '../wire/client'
import type { ImageAction } from '../wire/types'
import { FakeServer, type Asked } from './fake_server'
import { LiveSession } from './live_session'
import type { Keep } from './outbox'
import type { Channel } from './watching'

let server: FakeServer
let now = 0
let visible = true
const sessions: LiveSession[] = []

function keep(): Keep & { kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }
}

async function begin(options: { keep?: Keep; channel?: Channel } = {}): Promise<LiveSession> {
  const session = new LiveSession({
    client: new Client(server.fetch),
    keep: options.keep ?? null,
    channel: options.channel ?? null,
    isVisible: () => visible,
    now: () => now,
  })
  sessions.push(session)
  await session.start(null)
  await settle()
  return session
}

// Lets what has been asked be answered, without any time passing.
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

const inside = (x: number, y: number) => ({ x, y, label: 1 }) as const
const outside = (x: number, y: number) => ({ x, y, label: 0 }) as const

function asks(): Extract<ImageAction, { kind: 'ask' }>[] {
  return server.actions().filter((action) => action.kind === 'ask')
}

function isAction(asked: Asked): boolean {
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

describe('opening', () => {
  it('opens the first image that is not done, with its masks and its embedding', async () => {
    server.images[0]!.status = 'done'
    const session = await begin()
    const { opened, plane, embedding, save } = session.getState()
    expect(opened?.image.name).toBe('b.png')
    expect(plane).toEqual({ axis: 'axial', slice: 0 })
    expect(embedding).toBe('ready')
    expect(save.state).toBe('saved')
  })

  it('says why an image cannot be opened, and opens the next one', async () => {
    const session = await begin()
    await session.actions.openImage(99)
    expect(session.getState().fault).toBe('There is no image 99')
    expect(session.getState().opened).toBeNull()
    await session.actions.openImage(2)
    expect(session.getState().fault).toBeNull()
    expect(session.getState().opened?.image.id).toBe(2)
  })

  it('shows the image asked for last, whichever answer comes last', async () => {
    const session = await begin()
    server.before = ({ path }, when) =>
      path === '/api/images/2' && when === 'early'
        ? new Promise((resolve) => setTimeout(resolve, 500))
        : Promise.resolve()
    const slow = session.actions.openImage(2)
    await session.actions.openImage(3)
    await vi.advanceTimersByTimeAsync(600)
    await slow
    expect(session.getState().opened?.image.id).toBe(3)
  })

  it('comes back to the slice that was left', async () => {
    server.volume = true
    const session = await begin()
    session.actions.goTo({ axis: 'coronal', slice: 7 })
    await session.actions.openImage(2)
    await session.actions.openImage(1)
    expect(session.getState().plane).toEqual({ axis: 'coronal', slice: 7 })
  })

  it('goes no further than the first and last slice', async () => {
    server.volume = true
    const session = await begin()
    session.actions.goTo({ axis: 'axial', slice: 500 })
    expect(session.getState().plane?.slice).toBe(119)
    session.actions.goTo({ axis: 'axial', slice: -3 })
    expect(session.getState().plane?.slice).toBe(0)
  })

  it('asks for the embedding once the slice has stayed, not for those scrolled past', async () => {
    server.volume = true
    const session = await begin()
    server.asked.length = 0
    for (let slice = 10; slice < 30; ++slice) session.actions.goTo({ axis: 'axial', slice })
    await vi.advanceTimersByTimeAsync(400)
    const focused = server.asked.filter(({ path }) => path.endsWith('/focus'))
    expect(focused.map(({ body }) => body)).toEqual([{ plane: { axis: 'axial', slice: 29 }, window: 'none' }])
    const masks = server.asked.filter(({ path }) => path.includes('/masks?'))
    expect(masks.length).toBeLessThanOrEqual(2)
  })

  it('follows the embedding until it is ready', async () => {
    server.embedding = 'encoding'
    const session = await begin()
    expect(session.getState().embedding).toBe('encoding')
    server.embedding = 'ready'
    await vi.advanceTimersByTimeAsync(300)
    expect(session.getState().embedding).toBe('ready')
  })

  it('asks only for what has changed when it comes back to a slice', async () => {
    server.volume = true
    const session = await begin()
    session.actions.goTo({ axis: 'axial', slice: 61 })
    await settle()
    server.asked.length = 0
    session.actions.goTo({ axis: 'axial', slice: 60 })
    await settle()
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/api/images/1/changes?axis=axial&slice=60&since=10',
    ])
  })
})

describe('prompts', () => {
  it('are gathered: each new one asks with all of them', async () => {
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    await session.actions.addPoint(outside(120, 90))
    await session.actions.setBox([50, 40, 150, 140])
    expect(asks().map(({ points, box, proposal }) => [points.length, box, proposal])).toEqual([
      [1, null, null],
      [2, null, 1],
      [2, [50, 40, 150, 140], 1],
    ])
    expect(session.getState().proposal).toBe(1)
    expect(session.getState().masks.get('1:2')?.width).toBe(2 * 52 + 16)
  })

  it('given before the first answer go to the proposal that the first one makes', async () => {
    const session = await begin()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    server.before = (asked, when) => (isAction(asked) && when === 'early' ? held : Promise.resolve())
    void session.actions.addPoint(inside(100, 90))
    void session.actions.addPoint(outside(120, 90))
    await settle()
    expect(session.getState().draft?.points).toHaveLength(2)
    expect(session.getState().asking).toBe(true)
    expect(asks()).toHaveLength(1)
    release()
    await settle()
    expect(asks().map(({ proposal }) => proposal)).toEqual([null, 1])
    expect(session.getState().asking).toBe(false)
    expect(session.getState().objects.size).toBe(1)
  })

  it('after Enter begin another proposal, even before the acceptance is answered', async () => {
    const session = await begin()
    void session.actions.addPoint(inside(100, 90))
    void session.actions.accept()
    void session.actions.addPoint(inside(300, 200))
    await settle()
    expect(server.actions().map((action) => action.kind)).toEqual(['ask', 'accept', 'ask'])
    expect(server.actions()[1]).toEqual({ kind: 'accept', objects: [1], label: 1 })
    expect(asks()[1]!.proposal).toBeNull()
    expect(server.object(1)?.state).toBe('approved')
    expect(session.getState().proposal).toBe(2)
  })

  it('are taken back one by one by undo, and given again by redo', async () => {
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    await session.actions.addPoint(outside(120, 90))
    await session.actions.undoLast()
    expect(session.getState().draft?.points).toEqual([inside(100, 90)])
    await session.actions.undoLast()
    expect(session.getState().draft).toBeNull()
    expect(session.getState().proposal).toBeNull()
    expect(session.getState().objects.size).toBe(0)
    await session.actions.redoNext()
    await session.actions.redoNext()
    expect(session.getState().draft?.points).toHaveLength(2)
    expect(session.getState().proposal).toBe(1)
  })

  it('open again when their acceptance is undone', async () => {
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    await session.actions.accept()
    expect(session.getState().draft).toBeNull()
    expect([...session.getState().selected]).toEqual([1])
    await session.actions.undoLast()
    expect(session.getState().proposal).toBe(1)
    await session.actions.addPoint(inside(110, 90))
    expect(asks()[1]!.proposal).toBe(1)
  })

  it('refused: the prompts are again those of the last answer', async () => {
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    server.act({ kind: 'delete', objects: [1] })
    await session.actions.addPoint(inside(110, 90))
    await settle()
    expect(session.getState().messages.map(({ text }) => text)).toEqual(['Object 1 is gone'])
    expect(session.getState().save.state).toBe('refused')
    expect(session.getState().draft).toBeNull()
    expect(session.getState().objects.size).toBe(0)
  })

  it('cycle the candidates, as fast as Tab is pressed', async () => {
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    void session.actions.nextCandidate(1)
    void session.actions.nextCandidate(1)
    void session.actions.nextCandidate(-1)
    await settle()
    const chosen = server.actions().flatMap((action) => (action.kind === 'choose' ? [action.candidate] : []))
    expect(chosen).toEqual([2, 0, 2])
    expect(session.getState().objects.get(1)?.chosen).toBe(2)
  })

  it('refine the selected approved object when that is on', async () => {
    const session = await begin()
    await session.actions.stroke('add', 4, [[10, 10]])
    session.actions.setRefining('on')
    await session.actions.addPoint(inside(100, 90))
    await session.actions.addPoint(outside(100, 95))
    expect(asks().map(({ target }) => target)).toEqual([1, 1])
  })

  it('on another slice begin another proposal', async () => {
    server.volume = true
    const session = await begin()
    await session.actions.addPoint(inside(100, 90))
    session.actions.goTo({ axis: 'axial', slice: 61 })
    await session.actions.addPoint(inside(100, 90))
    expect(asks().map(({ proposal, plane }) => [proposal, plane.slice])).toEqual([
      [null, 60],
      [null, 61],
    ])
  })

  it('rejected are deleted, before they have been answered too', async () => {
    const session = await begin()
    void session.actions.addPoint(inside(100, 90))
    void session.actions.reject()
    await settle()
    expect(session.getState().objects.size).toBe(0)
    expect(session.getState().draft).toBeNull()
  })
})

describe('strokes', () => {
  it('that follow each other paint one object, however late the answers', async () => {
    const session = await begin()
    server.before = (asked, when) =>
      isAction(asked) && when === 'early'
        ? new Promise((resolve) => setTimeout(resolve, 200))
        : Promise.resolve()
    for (let stroke = 0; stroke < 3; ++stroke) void session.actions.stroke('add', 4, [[10 + stroke, 10]])
    await vi.advanceTimersByTimeAsync(700)
    const objects = server.actions().map((action) => (action.kind === 'stroke' ? action.object : undefined))
    expect(objects).toEqual([null, 1, 1])
    expect([...session.getState().selected]).toEqual([1])
  })

  it('paint a new object once nothing is selected', async () => {
    const session = await begin()
    await session.actions.stroke('add', 4, [[10, 10]])
    await session.actions.reject()
    await session.actions.stroke('add', 4, [[10, 10]])
    expect(session.getState().objects.size).toBe(2)
  })

  it('on a locked object are refused before they are sent', async () => {
    const session = await begin()
    await session.actions.stroke('add', 4, [[10, 10]])
    await session.actions.setLocked([1], 'locked')
    server.asked.length = 0
    await session.actions.stroke('add', 4, [[10, 10]])
    expect(server.actions()).toEqual([])
    expect(session.getState().messages.at(-1)?.text).toContain('locked')
  })

  it('outlive a lost connection: sent again with the same request, done once, in order', async () => {
    const session = await begin()
    let losses = 3
    server.before = async (asked, when) => {
      // First on the way there, then on the way back.
      if (isAction(asked) && losses > 0 && when === (losses > 1 ? 'early' : 'late')) {
        --losses
        throw new TypeError('Failed to fetch')
      }
    }
    void session.actions.stroke('add', 4, [[10, 10]])
    void session.actions.stroke('add', 4, [[30, 10]])
    await settle()
    expect(session.getState().save.state).toBe('offline')
    expect(session.unsaved).toBe(2)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(session.getState().save.state).toBe('saved')
    expect(session.unsaved).toBe(0)
    expect([...server.done.values()]).toEqual([2, 1])
    expect(server.object(1)?.area).toBe(635)
    expect(session.getState().objects.size).toBe(1)
  })

  it('that a tab has not got answered are sent again when it is reloaded', async () => {
    const storage = keep()
    const session = await begin({ keep: storage })
    server.before = async (asked) => {
      if (isAction(asked)) throw new TypeError('Failed to fetch')
    }
    void session.actions.stroke('add', 4, [[10, 10]])
    void session.actions.stroke('add', 4, [[30, 10]])
    await settle()
    session.stop()
    const kept = new Map(storage.kept)
    server.before = () => Promise.resolve()
    const again = await begin({ keep: { getItem: (key) => kept.get(key) ?? null, setItem: () => {} } })
    await settle()
    expect(again.unsaved).toBe(0)
    expect(server.object(1)?.area).toBe(635)
    expect(again.getState().objects.get(1)?.area).toBe(635)
  })

  it('wait while the browser has no token, and are sent when it has one', async () => {
    const session = await begin()
    server.token = false
    void session.actions.stroke('add', 4, [[10, 10]])
    await vi.advanceTimersByTimeAsync(3000)
    expect(session.getState().access).toBe('refused')
    expect(session.unsaved).toBe(1)
    server.token = true
    await vi.advanceTimersByTimeAsync(5000)
    expect(session.getState().access).toBe('granted')
    expect(session.unsaved).toBe(0)
    expect(server.object(1)).toBeDefined()
  })
})

describe('objects', () => {
  it('of Everything are kept by a click, selected several by Shift', async () => {
    const session = await begin()
    const everything = session.actions.everything({
      points_per_side: 16,
      pred_iou: 0.9,
      stability: 0.9,
      min_region: 0,
    })
    await vi.advanceTimersByTimeAsync(3000)
    await everything
    expect(session.getState().job).toBeNull()
    expect(session.getState().tool).toBe('select')
    expect(session.getState().objects.size).toBe(24)
    session.actions.pick(3, 'only')
    await settle()
    expect(server.object(3)?.state).toBe('approved')
    session.actions.select([], 'only')
    session.actions.pick(4, 'toggle')
    session.actions.pick(5, 'toggle')
    session.actions.setLabel(2)
    await session.actions.accept()
    expect(server.actions().at(-1)).toEqual({ kind: 'accept', objects: [4, 5], label: 2 })
  })

  it('are approved from small to large where the first one keeps its pixels', async () => {
    const session = await begin()
    const everything = session.actions.everything({
      points_per_side: 16,
      pred_iou: 0.9,
      stability: 0.9,
      min_region: 0,
    })
    await vi.advanceTimersByTimeAsync(3000)
    await everything
    await session.actions.approve([9, 2, 5])
    expect(server.actions().at(-1)).toMatchObject({ objects: [2, 5, 9] })
    await session.actions.setOverlap('overwrite')
    await session.actions.approve([10, 3, 6])
    expect(server.actions().at(-1)).toMatchObject({ objects: [10, 6, 3] })
  })

  it('that are locked are left by Delete', async () => {
    const session = await begin()
    for (let made = 0; made < 2; ++made) {
      await session.actions.stroke('add', 4, [[10, 10]])
      await session.actions.reject()
    }
    await session.actions.setLocked([1], 'locked')
    await session.actions.remove([1, 2])
    expect([...session.getState().objects.keys()]).toEqual([1])
  })

  it('get a label of their own in a project that has none', async () => {
    server.labels = []
    const session = await begin()
    expect(session.getState().label).toBe(0)
    await session.actions.stroke('add', 4, [[10, 10]])
    expect(server.actions()[0]).toMatchObject({ kind: 'stroke', label: 1 })
    expect(session.getState().project?.labels.map(({ name }) => name)).toEqual(['object'])
  })
})

describe('two tabs', () => {
  it('see each other within a second', async () => {
    const session = await begin()
    server.act({
      kind: 'stroke',
      plane: { axis: 'axial', slice: 0 },
      object: null,
      label: 1,
      paint: 'add',
      radius: 4,
      points: [[50, 50]],
    })
    await vi.advanceTimersByTimeAsync(1100)
    expect(session.getState().objects.get(1)?.area).toBe(625)
    expect(session.getState().masks.get('1')?.x0).toBe(38)
    expect(session.getState().project?.images[0]?.approved).toBe(1)
  })

  it('of one browser see each other at once', async () => {
    const ends: Channel[] = [0, 1].map((at) => ({
      postMessage: (message: unknown) =>
        ends[1 - at]!.onmessage?.call(null as never, { data: message } as MessageEvent),
      onmessage: null,
    }))
    const first = await begin({ channel: ends[0]! })
    const second = await begin({ channel: ends[1]! })
    await first.actions.stroke('add', 4, [[50, 50]])
    await settle()
    expect(second.getState().objects.size).toBe(1)
    await second.actions.remove([1])
    await settle()
    expect(first.getState().objects.size).toBe(0)
    expect(first.getState().masks.size).toBe(0)
  })

  it('are not asked about while the page is hidden', async () => {
    await begin()
    visible = false
    server.asked.length = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(server.asked).toEqual([])
  })
})
