// SPDX-License-Identifier: Apache-2.0
import type { Label, ModelClass, Project } from '../wire/types'
import type { SessionState } from './session_state'

// Classes that the model has learned to find by name: a label is one if it has its name, in capitals or not.

export function classOf(project: Project | null, label: Label | undefined): ModelClass | undefined {
  const wanted = label?.name.toLowerCase()
  return project?.model.classes.find(({ name }) => name.toLowerCase() === wanted)
}

export function labelInHand({ project, label }: Pick<SessionState, 'project' | 'label'>): Label | undefined {
  return project?.labels.find(({ id }) => id === label)
}
