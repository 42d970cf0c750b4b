// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { golden } from '../wire/golden.testing'
import type { ImageObject, Project } from '../wire/types'
import { emptyState } from './core'
import { nowhere, paintTarget, paintText, type PaintState } from './painting'

const project = golden<Project>('project')
const approved = {
  ...Object.values(golden<Record<string, ImageObject>>('objects')).find(({ state }) => state === 'approved')!,
  ...{ id: 14, name: '', locked: false, label: project.labels[0]!.id },
}
const [own, other] = project.labels.map(({ id }) => id) as [number, number]
const onIt = () => true

function state(change: Partial<PaintState>): PaintState {
  return { ...emptyState(), project, label: own, objects: new Map([[14, approved]]), ...change }
}

describe('A stroke', () => {
  it('begins an object where nothing is selected by hand, whatever was made last', () => {
    const shown = state({ made: { object: 14, by: 'accept' } })
    expect(paintTarget(shown, 'add', onIt)).toEqual({ on: 'new' })
    expect(paintTarget(shown, 'remove', onIt)).toBeNull()
  })

  it('goes to the selected object of the active label', () => {
    expect(paintTarget(state({ selected: new Set([14]) }), 'add', nowhere)).toEqual({
      on: 'object',
      object: 14,
    })
  })

  it('goes to one of another label only if it touches it', () => {
    const another = state({ selected: new Set([14]), label: other })
    expect(paintTarget(another, 'add', onIt)).toEqual({ on: 'object', object: 14 })
    expect(paintTarget(another, 'add', nowhere)).toEqual({ on: 'new' })
    expect(paintTarget(another, 'remove', nowhere)).toEqual({ on: 'object', object: 14 })
  })

  it('goes on with what the strokes before have begun, and first of all to the open proposal', () => {
    const begun = state({ made: { object: null, by: 'stroke' }, selected: new Set([14]) })
    expect(paintTarget(begun, 'add', nowhere)).toEqual({ on: 'begun' })
    const plane = { axis: 'axial', slice: 3 } as const
    const open = { ...begun, plane, draft: { plane, points: [], box: null } }
    expect(paintTarget(open, 'add', nowhere)).toEqual({ on: 'proposal' })
    expect(paintTarget({ ...open, plane: { axis: 'axial', slice: 4 } }, 'add', nowhere)).toEqual({
      on: 'begun',
    })
  })

  it('is named by what it changes', () => {
    const label = (id: number) => project.labels.find((one) => one.id === id)!.name
    const selected = state({ selected: new Set([14]) })
    const text = (of: PaintState, paint: 'add' | 'remove') =>
      paintText(of, paint, paintTarget(of, paint, nowhere))
    expect(text(selected, 'add')).toBe(`adds to ${label(own)} 14`)
    expect(text(selected, 'remove')).toBe(`erases from ${label(own)} 14`)
    expect(text({ ...selected, label: other }, 'add')).toBe(`new ${label(other)}`)
    expect(text(state({}), 'remove')).toBe('select the object to erase from')
    const locked = new Map([[14, { ...approved, locked: true }]])
    expect(text({ ...selected, objects: locked }, 'add')).toBe(`${label(own)} 14 is locked`)
  })
})
