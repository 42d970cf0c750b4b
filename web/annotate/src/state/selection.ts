// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../commands'
import type { ImageObject } from '../wire/types'
import type { SessionState } from './session_state'

// What is selected, as commands and actions need it.

type Selection = Pick<SessionState, 'selected' | 'objects' | 'made'>

export function selectedObjects({ selected, objects }: Selection, of?: ImageObject['state']): ImageObject[] {
  return [...selected].flatMap((id) => objects.get(id) ?? []).filter(({ state }) => !of || state === of)
}

export function selectedIds(state: Selection, of?: ImageObject['state']): number[] {
  return selectedObjects(state, of).map(({ id }) => id)
}

export function hasSelection({ selected }: Selection): boolean {
  return selected.size > 0
}

// The approved object that prompts would refine: the one selected by hand, else the one made last.
export function toRefine({ selected, made, objects }: Selection): ImageObject | null {
  const id = selected.size === 0 ? made?.object : selected.size === 1 ? [...selected][0] : null
  const object = objects.get(id ?? 0)
  return object?.state === 'approved' ? object : null
}

export const selectToRefine = 'Select one approved object to refine first'

export function lockedStay(): string {
  return `Locked objects stay: unlock them (${keyOf('lock')}) to delete them`
}
