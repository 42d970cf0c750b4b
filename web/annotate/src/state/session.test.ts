// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import {
  begin,
  hidePage,
  isAction,
  pass,
  passUntil,
  passUntilDone,
  serveVolumes,
  server,
  settle,
  stroke,
} from './session_fixture'
import type { Channel } from './change_poller'

const proposed = 64
const usual = { points_per_side: 8, pred_iou: 0.9, stability: 0.9, min_region: 0 }

async function proposals() {
  const session = await begin()
  const everything = session.jobs.everything(usual)
  await passUntilDone(everything)
  return session
}

describe('objects', () => {
  it('of Everything are kept by a click, selected several by Shift', async () => {
    const session = await proposals()
    expect(session.getState().job).toBeNull()
    expect(session.getState().tool).toBe('select')
    expect(session.getState().objects.size).toBe(proposed)
    session.objects.select([2], 'only')
    session.objects.pick(3, 'only')
    await settle()
    expect((await server.object(3))?.state).toBe('approved')
    expect([...session.getState().selected]).toEqual([])
    session.objects.pick(4, 'toggle')
    session.objects.pick(5, 'toggle')
    await session.objects.chooseLabel(2)
    await session.objects.accept()
    expect(server.actions().at(-1)).toEqual({ kind: 'accept', objects: [4, 5], label: 2 })
  })

  it('are shown as they are found, and stay until the final ones are there', async () => {
    const session = await begin()
    const shown: number[][] = []
    let gap = false
    session.subscribe(() => {
      const { preview, objects } = session.getState()
      gap ||= shown.length > 0 && preview === null && objects.size === 0
      const numbers = preview?.masks.map(({ object }) => object) ?? []
      if (String(numbers) !== String(shown.at(-1) ?? [])) shown.push(numbers)
    })
    await server.allow({ prompts: 40 })
    const everything = session.jobs.everything(usual)
    await passUntil(() => shown.length > 0 && shown.at(-1)!.length > 0)
    expect(shown.at(-1)).toHaveLength(32)
    await server.allow({ prompts: null })
    await passUntilDone(everything)
    expect(shown.at(-1)).toEqual([])
    expect(session.getState().objects.size).toBe(proposed)
    expect(gap).toBe(false)
    expect(session.getState().preview).toBeNull()
  })

  it('are gone as soon as Everything has been stopped', async () => {
    const session = await begin()
    await server.allow({ prompts: 40 })
    const everything = session.jobs.everything(usual)
    await passUntil(() => (session.getState().preview?.masks.length ?? 0) > 0)
    expect(session.getState().preview).toMatchObject({ image: 1, plane: session.getState().plane })
    await session.jobs.stop('job')
    await server.allow({ prompts: null })
    await passUntilDone(everything)
    expect(session.getState().preview).toBeNull()
  })

  it('leave the tool to whoever is in the middle of a proposal', async () => {
    const session = await begin()
    const everything = session.jobs.everything(usual)
    await session.editing.addPoint({ x: 30, y: 40, label: 1 })
    const { proposal } = session.getState()
    expect(proposal).not.toBeNull()
    await passUntilDone(everything)
    expect(session.getState()).toMatchObject({ tool: 'point', proposal })
  })

  it('are told of with the name of their picture when another is in view', async () => {
    const session = await begin()
    const everything = session.jobs.everything(usual)
    await session.openImage(2)
    await passUntilDone(everything)
    expect(session.getState().messages.at(-1)?.text).toBe(`${proposed} proposals in a.png`)
    expect(session.getState().tool).toBe('point')
  })

  it('are not selected or deleted as proposals while they are being approved', async () => {
    const session = await proposals()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    server.before = (asked, when) => (isAction(asked) && when === 'early' ? held : Promise.resolve())
    session.objects.pick(3, 'only')
    await settle()
    expect(session.getState().objects.get(3)?.state).toBe('proposed')
    const all = [...session.getState().objects.keys()]
    session.objects.selectAll('proposed')
    expect(session.getState().selected.size).toBe(proposed - 1)
    expect(session.getState().selected.has(3)).toBe(false)
    void session.objects.remove(all)
    release()
    await settle()
    expect([...session.getState().objects.values()].map(({ id, state }) => [id, state])).toEqual([
      [3, 'approved'],
    ])
  })

  it('leave a selection of several once they are approved', async () => {
    const session = await proposals()
    session.objects.selectAll('proposed')
    await session.objects.approve([4, 5])
    expect(session.getState().selected.size).toBe(proposed - 2)
    await session.objects.remove([...session.getState().selected])
    expect([...session.getState().objects.keys()]).toEqual([4, 5])
  })

  it('are accepted once, however often Enter is pressed', async () => {
    const session = await proposals()
    session.objects.select([4], 'only')
    void session.objects.accept()
    void session.objects.accept()
    await settle()
    expect(server.actions()).toEqual([{ kind: 'accept', objects: [4], label: 1 }])
    expect(session.getState().save.state).toBe('saved')
  })

  it('on another slice are accepted once they are in view', async () => {
    await serveVolumes()
    const session = await proposals()
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    session.objects.select([4], 'only')
    await session.objects.accept()
    expect(session.getState().plane).toEqual({ axis: 'axial', slice: 60 })
    expect(server.actions()).toEqual([])
    await session.objects.accept()
    expect((await server.object(4))?.state).toBe('approved')
  })

  it('are approved from small to large where the first one keeps its pixels', async () => {
    const session = await proposals()
    const areas = new Map([...session.getState().objects.values()].map(({ id, area }) => [id, area]))
    const bySize = [...areas.keys()].sort((a, b) => areas.get(a)! - areas.get(b)!)
    const [small, middle, large] = [bySize[0]!, bySize[20]!, bySize[40]!]
    await session.objects.approve([large, small, middle])
    expect(server.actions().at(-1)).toMatchObject({ objects: [small, middle, large] })
    await session.setOverlap('overwrite')
    const [small2, middle2, large2] = [bySize[1]!, bySize[21]!, bySize[41]!]
    await session.objects.approve([middle2, small2, large2])
    expect(server.actions().at(-1)).toMatchObject({ objects: [large2, middle2, small2] })
  })

  it('that are locked are left by Delete', async () => {
    const session = await begin()
    for (let made = 0; made < 2; ++made) {
      await stroke(session, 'add', [4, 4], [[10, 10]])
      await session.objects.reject()
    }
    await session.objects.setLocked([1], 'lock')
    await session.objects.remove([1, 2])
    expect([...session.getState().objects.keys()]).toEqual([1])
  })

  it('get a label of their own in a project that has none', async () => {
    for (const label of [1, 2]) await server.post('/api/labels', { kind: 'delete_label', label })
    const session = await begin()
    expect(session.getState().label).toBe(0)
    await stroke(session, 'add', [4, 4], [[10, 10]])
    expect(server.actions()[0]).toMatchObject({ kind: 'stroke', label: session.getState().label })
    expect(session.getState().project?.labels.map(({ name }) => name)).toEqual(['object'])
  })
})

describe('the rule for overlaps', () => {
  it('is shown as it is chosen, and as it was if it cannot be set', async () => {
    const session = await begin()
    const chosen = () => session.getState().project?.overlap
    const done = session.setOverlap('allow')
    expect(chosen()).toBe('allow')
    await done
    expect(chosen()).toBe('allow')
    server.before = ({ path }) =>
      path.endsWith('/settings') ? Promise.reject(new TypeError('gone')) : Promise.resolve()
    await session.setOverlap('overwrite')
    expect(chosen()).toBe('allow')
  })
})

describe('two tabs', () => {
  it('see each other within a second', async () => {
    const session = await begin()
    await server.act({
      kind: 'stroke',
      plane: { axis: 'axial', slice: 0 },
      object: null,
      label: 1,
      paint: 'add',
      radii: [4, 4],
      points: [[50, 50]],
    })
    await pass(1100)
    expect(session.getState().objects.get(1)?.area).toBe(49)
    expect(session.getState().masks.get('1')?.x0).toBe(46)
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
    await stroke(first, 'add', [4, 4], [[50, 50]])
    await settle()
    expect(second.getState().objects.size).toBe(1)
    await second.objects.remove([1])
    await settle()
    expect(first.getState().objects.size).toBe(0)
    expect(first.getState().masks.size).toBe(0)
  })

  it('are not asked about while the page is hidden', async () => {
    await begin()
    hidePage()
    server.asked.length = 0
    await pass(5000)
    expect(server.asked).toEqual([])
  })
})
