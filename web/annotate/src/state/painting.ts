// SPDX-License-Identifier: Apache-2.0
import type { PaintTarget, SessionState } from './session_state'
import type { ImageObject } from '../wire/types'
import { labelName, nameIn } from '../words'
import { samePlane } from './slices'

export type Paint = 'add' | 'remove'
export type PaintState = Pick<
  SessionState,
  'draft' | 'plane' | 'proposal' | 'made' | 'selected' | 'objects' | 'label' | 'project'
>

export const nowhere = (): boolean => false

// What is drawn changes: the open proposal, the object that the strokes before have begun, or the one that was
// selected by hand. While another label than that object's is active, only what touches it goes to it: all else begins an
// object of the active label. Null: nothing to erase from.
export function paintTarget(
  state: PaintState,
  paint: Paint,
  touches: (object: number) => boolean,
): PaintTarget | null {
  const { draft, plane, made, selected, objects, label } = state
  if (draft && samePlane(draft.plane, plane)) return { on: 'proposal' }
  if (made?.by === 'stroke') return { on: 'begun' }
  const object = selected.size === 1 ? objects.get([...selected][0]!) : undefined
  if (!object) return paint === 'add' ? { on: 'new' } : null
  const isOther = object.state === 'approved' && object.label !== label
  if (paint === 'add' && isOther && !touches(object.id)) return { on: 'new' }
  return { on: 'object', object: object.id }
}

// Null: one that is not there yet.
export function paintedObject(state: PaintState, target: PaintTarget): ImageObject | null {
  const ids = {
    proposal: state.proposal,
    begun: state.made?.object ?? null,
    object: target.on === 'object' ? target.object : null,
    new: null,
  }
  const id = ids[target.on]
  return id === null ? null : (state.objects.get(id) ?? null)
}

// "adds to vertebra 1", "new disc"
export function paintText(state: PaintState, paint: Paint, target: PaintTarget | null): string {
  if (!target) return 'select the object to erase from'
  const object = paintedObject(state, target)
  if (object?.locked) return `${nameIn(state, object)} is locked`
  const verb = paint === 'add' ? 'adds to' : 'erases from'
  if (target.on === 'proposal') return `${verb} the proposal`
  if (target.on === 'new') return `new ${labelName(state, state.label)}`
  return `${verb} ${object ? nameIn(state, object) : `the new ${labelName(state, state.label)}`}`
}
