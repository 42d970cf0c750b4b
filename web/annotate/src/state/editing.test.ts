// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ActionRequest } from '../wire/types'
import {
  asks,
  begin,
  inside,
  isAction,
  keep,
  outside,
  pass,
  serveVolumes,
  server,
  settle,
  stroke,
} from './session_fixture'

describe('prompts', () => {
  it('are gathered: each new one asks with all of them', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    await session.editing.addPoint(outside(120, 90))
    await session.editing.setBox([50, 40, 150, 140])
    expect(asks().map(({ points, box, proposal }) => [points.length, box, proposal])).toEqual([
      [1, null, null],
      [2, null, 1],
      [2, [50, 40, 150, 140], 1],
    ])
    expect(session.getState().proposal).toBe(1)
    expect(session.getState().masks.get('1:2')?.width).toBe(102)
  })

  it('given before the first answer go to the proposal that the first one makes', async () => {
    const session = await begin()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    server.before = (asked, when) => (isAction(asked) && when === 'early' ? held : Promise.resolve())
    void session.editing.addPoint(inside(100, 90))
    void session.editing.addPoint(outside(120, 90))
    await settle()
    expect(session.getState().draft?.points).toHaveLength(2)
    expect(session.getState().undo).toBe('ask')
    expect(session.getState().predicting).toBe(true)
    expect(asks()).toHaveLength(1)
    release()
    await settle()
    expect(asks().map(({ proposal }) => proposal)).toEqual([null, 1])
    expect(session.getState().predicting).toBe(false)
    expect(session.getState().objects.size).toBe(1)
  })

  it('after Enter begin another proposal, even before the acceptance is answered', async () => {
    const session = await begin()
    void session.editing.addPoint(inside(100, 90))
    void session.objects.accept()
    void session.editing.addPoint(inside(300, 200))
    await settle()
    expect(server.actions().map((action) => action.kind)).toEqual(['ask', 'accept', 'ask'])
    expect(server.actions()[1]).toEqual({ kind: 'accept', objects: [1], label: 1 })
    expect(asks()[1]!.proposal).toBeNull()
    expect((await server.object(1))?.state).toBe('approved')
    expect(session.getState().proposal).toBe(2)
  })

  it('are taken back one by one by undo, and given again by redo', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    await session.editing.addPoint(outside(120, 90))
    await session.editing.undo()
    expect(session.getState().draft?.points).toEqual([inside(100, 90)])
    await session.editing.undo()
    expect(session.getState().draft).toBeNull()
    expect(session.getState().proposal).toBeNull()
    expect(session.getState().objects.size).toBe(0)
    await session.editing.redo()
    await session.editing.redo()
    expect(session.getState().draft?.points).toHaveLength(2)
    expect(session.getState().proposal).toBe(1)
  })

  it('open again when their acceptance is undone', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    await session.objects.accept()
    expect(session.getState().draft).toBeNull()
    expect(session.getState().made).toEqual({ object: 1, by: 'accept' })
    await session.editing.undo()
    expect(session.getState().proposal).toBe(1)
    await session.editing.addPoint(inside(110, 90))
    expect(asks()[1]!.proposal).toBe(1)
  })

  it('refused: the prompts are again those of the last answer', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    await server.act({ kind: 'delete', objects: [1] })
    await session.editing.addPoint(inside(110, 90))
    await settle()
    expect(session.getState().messages.map(({ text }) => text)).toEqual(['Object 1 is gone'])
    expect(session.getState().save.state).toBe('refused')
    expect(session.getState().draft).toBeNull()
    expect(session.getState().objects.size).toBe(0)
  })

  it('cycle the candidates, as fast as Tab is pressed', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    void session.editing.nextCandidate(1)
    void session.editing.nextCandidate(1)
    void session.editing.nextCandidate(-1)
    await settle()
    const chosen = server.actions().flatMap((action) => (action.kind === 'choose' ? [action.candidate] : []))
    expect(chosen).toEqual([1, 2, 1])
    expect(session.getState().objects.get(1)?.chosen).toBe(1)
  })

  it('refine the selected approved object when that is on', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    session.objects.setRefining('on')
    await session.editing.addPoint(inside(100, 90))
    await session.editing.addPoint(outside(100, 95))
    expect(asks().map(({ target }) => target)).toEqual([1, 1])
  })

  it('no longer refine once another image is opened', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    session.objects.setRefining('on')
    expect(session.getState().refining).toBe(true)
    await session.openImage(2)
    expect(session.getState().refining).toBe(false)
  })

  it('on a slice that is not in view are not accepted unseen', async () => {
    await serveVolumes()
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    await session.objects.accept()
    expect(session.getState().plane).toEqual({ axis: 'axial', slice: 60 })
    expect(session.getState().messages.at(-1)?.text).toBe(
      'The proposal is on axial slice 61: Enter again accepts it',
    )
    expect((await server.object(1))?.state).toBe('proposed')
    await session.objects.accept()
    expect((await server.object(1))?.state).toBe('approved')
  })

  it('on another slice begin another proposal', async () => {
    await serveVolumes()
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    await session.editing.addPoint(inside(100, 90))
    expect(asks().map(({ proposal, plane }) => [proposal, plane.slice])).toEqual([
      [null, 60],
      [null, 61],
    ])
  })

  it('rejected are deleted, before they have been answered too', async () => {
    const session = await begin()
    void session.editing.addPoint(inside(100, 90))
    void session.objects.reject()
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
    for (let nth = 0; nth < 3; ++nth) void stroke(session, 'add', [4, 4], [[10 + nth, 10]])
    await pass(700)
    const objects = server.actions().map((action) => (action.kind === 'stroke' ? action.object : undefined))
    expect(objects).toEqual([null, 1, 1])
    expect(session.getState().made).toEqual({ object: 1, by: 'stroke' })
  })

  it('paint a new object once nothing is selected', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    await session.objects.reject()
    await stroke(session, 'add', [4, 4], [[60, 10]])
    expect(session.getState().objects.size).toBe(2)
  })

  it('on a locked object are refused before they are sent', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    await session.objects.setLocked([1], 'lock')
    server.asked.length = 0
    await stroke(session, 'add', [4, 4], [[10, 10]])
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
    void stroke(session, 'add', [4, 4], [[10, 10]])
    void stroke(session, 'add', [4, 4], [[30, 10]])
    await settle()
    expect(session.getState().save.state).toBe('offline')
    expect(session.unsaved).toBe(2)
    await pass(10_000)
    expect(session.getState().save.state).toBe('saved')
    expect(session.unsaved).toBe(0)
    const reached = server.reached.filter(isAction).map(({ body }) => (body as ActionRequest).request)
    expect(reached).toEqual([reached[0], reached[0], reached[2]])
    expect(reached[2]).not.toBe(reached[0])
    expect((await server.object(1))?.area).toBe(98)
    expect(session.getState().objects.size).toBe(1)
  })

  it('that a tab has not got answered are sent again when it is reloaded', async () => {
    const storage = keep()
    const session = await begin({ keep: storage })
    server.before = async (asked) => {
      if (isAction(asked)) throw new TypeError('Failed to fetch')
    }
    void stroke(session, 'add', [4, 4], [[10, 10]])
    void stroke(session, 'add', [4, 4], [[30, 10]])
    await settle()
    session.stop()
    const kept = new Map(storage.kept)
    server.before = () => Promise.resolve()
    const again = await begin({ keep: { getItem: (key) => kept.get(key) ?? null, setItem: () => {} } })
    await settle()
    expect(again.unsaved).toBe(0)
    expect((await server.object(1))?.area).toBe(98)
    expect(again.getState().objects.get(1)?.area).toBe(98)
  })

  it('that wait for one which has been answered are kept too when the tab is reloaded', async () => {
    const storage = keep()
    const session = await begin({ keep: storage })
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    server.before = (asked, when) => {
      if (isAction(asked) && server.actions().length > 1)
        return Promise.reject(new TypeError('Failed to fetch'))
      return isAction(asked) && when === 'early' ? held : Promise.resolve()
    }
    void session.editing.addPoint(inside(100, 90))
    void session.objects.accept()
    await settle()
    release()
    await settle()
    expect((await server.object(1))?.state).toBe('proposed')
    session.stop()
    const kept = new Map(storage.kept)
    server.before = () => Promise.resolve()
    await begin({ keep: { getItem: (key) => kept.get(key) ?? null, setItem: () => {} } })
    await settle()
    expect((await server.object(1))?.state).toBe('approved')
  })

  it('wait while the browser has no token, and are sent when it has one', async () => {
    const session = await begin()
    server.knowsPage = false
    void stroke(session, 'add', [4, 4], [[10, 10]])
    await pass(3000)
    expect(session.getState().connection).toBe('lockedOut')
    expect(session.unsaved).toBe(1)
    server.knowsPage = true
    await pass(5000)
    expect(session.getState().connection).toBe('there')
    expect(session.unsaved).toBe(0)
    expect(await server.object(1)).toBeDefined()
  })
})
