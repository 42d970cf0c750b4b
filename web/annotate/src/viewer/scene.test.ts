// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { emptyState } from '../state/core'
import { golden } from '../wire/golden.testing'
import type { ImageObject, Project, WireMask } from '../wire/types'
import { changedMasks, isSameScene, reachableMasks, shapesOf, type SceneState } from './scene'

const objects = Object.values(golden<Record<string, ImageObject>>('objects'))
const [open, approved] = [
  { ...objects.find(({ candidates }) => candidates.length === 3)!, chosen: 0 },
  objects.find(({ state }) => state === 'approved')!,
]

function square(object: number, side: number, candidate: number | null = null): WireMask {
  const runs = Uint32Array.of(0, side * side)
  return { object, candidate, revision: 1, x0: 0, y0: 0, width: side, height: side, runs }
}

const scene: SceneState = {
  ...emptyState(),
  project: golden<Project>('project'),
  label: 2,
  proposal: open.id,
  objects: new Map([open, approved].map((object) => [object.id, object])),
  masks: new Map([
    [`${open.id}`, square(open.id, 9)],
    [`${open.id}:0`, square(open.id, 9, 0)],
    [`${open.id}:1`, square(open.id, 4, 1)],
    [`${approved.id}`, square(approved.id, 5)],
  ]),
}

describe('The scene', () => {
  it('shows the open proposal in the colour of the active label, its other candidates on top', () => {
    const shapes = shapesOf(scene)
    expect(shapes.map(({ mask, line }) => [mask.object, mask.candidate, line])).toEqual([
      [approved.id, null, 'plain'],
      [open.id, null, 'open'],
      [open.id, 1, 'faint'],
    ])
    expect(shapes[1]!.colour).toBe('#0072b2')
  })

  it('shows what Everything has found so far below all else, on its own picture alone, and out of reach', () => {
    const plane = { axis: 'axial', slice: 3 } as const
    const preview = { image: 7, plane, masks: [square(90, 6), square(91, 3)] }
    const running = { ...scene, image: 7, plane: { ...plane }, preview }
    const found = (state: SceneState) => shapesOf(state).filter(({ line }) => line === 'preview')
    expect(shapesOf(running).slice(0, 2)).toEqual(found(running))
    expect(found(running).map(({ mask, fill }) => [mask.object, fill])).toEqual([
      [90, 0],
      [91, 0],
    ])
    expect(found(running)[0]!.colour).not.toBe(found(running)[1]!.colour)
    expect(reachableMasks(running)).toEqual(reachableMasks(scene))
    expect(found({ ...running, image: 8 })).toEqual([])
    expect(found({ ...running, plane: { axis: 'axial', slice: 4 } })).toEqual([])
    expect(isSameScene(running, { ...running, preview: { ...preview, masks: [] } })).toBe(false)
  })

  it('leaves out what is hidden, also for the cursor', () => {
    const hidden = { ...scene, hidden: new Set([open.id]) }
    expect(shapesOf(hidden).map(({ mask }) => mask.object)).toEqual([approved.id])
    expect(reachableMasks(hidden).map(({ object }) => object)).toEqual([approved.id])
  })

  it('has no fills but below the cursor when only outlines are shown', () => {
    const outlines = { ...scene, outlineOnly: true, hovered: approved.id }
    expect(shapesOf(outlines).map(({ fill }) => fill > 0)).toEqual([true, false, false])
  })

  it('stays the same while nothing that it is made of changes', () => {
    expect(isSameScene(scene, { ...scene })).toBe(true)
    expect(isSameScene(scene, { ...scene, project: { ...scene.project!, revision: 99 } })).toBe(true)
    expect(isSameScene(scene, { ...scene, masks: new Map(scene.masks) })).toBe(false)
    expect(isSameScene(scene, { ...scene, hovered: approved.id })).toBe(false)
  })

  it('knows which masks look different after a change of single objects', () => {
    const mask = (key: string) => scene.masks.get(key)!
    const [of_open, of_approved] = [mask(`${open.id}`), mask(`${approved.id}`)]
    const hovered = { ...scene, hovered: approved.id }
    expect(changedMasks(scene, hovered)).toEqual([of_approved])
    expect(changedMasks(hovered, { ...hovered, hovered: null })).toEqual([of_approved])
    const selected = { ...scene, selected: new Set([approved.id]) }
    expect(changedMasks(scene, selected)).toEqual([of_approved])
    expect(changedMasks({ ...selected }, { ...selected, selected: new Set([approved.id]) })).toEqual([])

    const larger = square(approved.id, 6)
    const painted = { ...scene, masks: new Map(scene.masks).set(`${approved.id}`, larger) }
    expect(changedMasks(scene, painted)).toEqual([of_approved, larger])
    const gone = { ...scene, masks: new Map([...scene.masks].filter(([, { object }]) => object === open.id)) }
    expect(changedMasks(scene, gone)).toEqual([of_approved])
    const chosen = { ...open, chosen: 1 }
    const other = { ...scene, objects: new Map(scene.objects).set(open.id, chosen) }
    expect(changedMasks(scene, other)).toEqual([of_open, mask(`${open.id}:0`), mask(`${open.id}:1`)])
  })

  it('changes as a whole with all else, and with many objects at once', () => {
    expect(changedMasks(scene, { ...scene, opacity: 0.1 })).toBe('all')
    expect(changedMasks(scene, { ...scene, proposal: null, hovered: approved.id })).toBe('all')
    const many = new Set(Array.from({ length: 100 }, (_, i) => 1000 + i))
    expect(changedMasks(scene, { ...scene, selected: many })).toBe('all')
  })
})
