// SPDX-License-Identifier: Apache-2.0
import type { SessionState } from './state/session_state'
import type { ImageObject, Label } from './wire/types'

// Texts for people that more than one part of the page needs.

export function countOf(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : several}`
}

export function objectName(object: ImageObject, labels: readonly Label[]): string {
  if (object.name) return object.name
  const label = labels.find(({ id }) => id === object.label)
  if (label) return `${label.name} ${object.id}`
  return object.state === 'proposed' ? `Proposal ${object.id}` : `Object ${object.id}`
}

export function nameIn({ project }: Pick<SessionState, 'project'>, object: ImageObject): string {
  return objectName(object, project?.labels ?? [])
}

export function labelName({ project }: Pick<SessionState, 'project'>, label: number | null): string {
  return project?.labels.find(({ id }) => id === label)?.name ?? 'object'
}
