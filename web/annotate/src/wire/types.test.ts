// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { golden } from './golden.testing'
import type * as wire from './types'

// The compiler has every field of T listed here, the test compares the list with what the server sends.
type Fields<T> = Record<keyof T, true>

const label: Fields<wire.Label> = {
  id: true,
  name: true,
  colour: true,
  shortcut: true,
  value: true,
  objects: true,
}
const summary: Fields<wire.Summary> = {
  id: true,
  name: true,
  path: true,
  status: true,
  approved: true,
  proposed: true,
  active_ms: true,
  revision: true,
  extent: true,
  fault: true,
  notice: true,
}
const object: Fields<wire.ImageObject> = {
  id: true,
  state: true,
  locked: true,
  label: true,
  name: true,
  source: true,
  area: true,
  revision: true,
  bounds: true,
  plane: true,
  target: true,
  candidates: true,
  chosen: true,
  prompt: true,
}
const opened: Fields<wire.Opened> = {
  image: true,
  extent: true,
  plain: true,
  photometric: true,
  range: true,
  orientation: true,
  notes: true,
  planes: true,
  default_plane: true,
  window: true,
  presets: true,
  revision: true,
  undo: true,
  redo: true,
  objects: true,
}
const plane: Fields<wire.ImagePlane> = {
  axis: true,
  width: true,
  height: true,
  slices: true,
  pixel_mm: true,
  slice_mm: true,
}
const project: Fields<wire.Project> = {
  name: true,
  folder: true,
  revision: true,
  version: true,
  model: true,
  overlap: true,
  labels: true,
  images: true,
}
const changes: Fields<wire.ProjectChanges> = { revision: true, images: true, labels: true, overlap: true }
const job: Fields<wire.Job> = {
  job: true,
  preview: true,
  kind: true,
  state: true,
  done: true,
  total: true,
  message: true,
  result: true,
}
const event: Fields<wire.HistoryEvent> = { id: true, time: true, kind: true, summary: true, undone: true }
const focus: Fields<wire.Focus> = { embedding: true, message: true }

type Kind = wire.ImageAction['kind']
type ActionFields<K extends Kind> = Fields<Extract<wire.ImageAction, { kind: K }>>
const prompts = {
  kind: true,
  plane: true,
  window: true,
  points: true,
  box: true,
  proposal: true,
  target: true,
} as const
const drawing = { kind: true, plane: true, object: true, label: true, paint: true } as const
const objects = { kind: true, objects: true } as const
const actions: { [K in Kind]: ActionFields<K> } = {
  ask: prompts,
  choose: { kind: true, proposal: true, candidate: true },
  accept: { ...objects, label: true },
  delete: objects,
  stroke: { ...drawing, radii: true, points: true },
  lasso: { ...drawing, polygon: true },
  label: { ...objects, label: true },
  name: { kind: true, object: true, name: true },
  lock: objects,
  unlock: objects,
  merge: objects,
  split: { kind: true, object: true },
  fill_holes: { ...objects, axis: true },
  drop_specks: { ...objects, below: true },
  undo: { kind: true },
  redo: { kind: true },
}

const sorted = (value: object) => Object.keys(value).sort()

describe('The types of the page', () => {
  const each = (name: string, values: readonly object[], fields: object) =>
    it(`have the fields of ${name}`, () => {
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) expect(sorted(value)).toEqual(sorted(fields))
    })

  const open = golden<Record<string, wire.Opened>>('opened')
  each('a label', golden<wire.LabelsChanged>('labels').labels, label)
  each('a summary', golden<wire.Summary[]>('summaries'), summary)
  each('an object', Object.values(golden<Record<string, wire.ImageObject>>('objects')), object)
  each('an opened image', Object.values(open), opened)
  each(
    'a plane',
    Object.values(open).flatMap(({ planes }) => planes),
    plane,
  )
  each('a project', [golden<wire.Project>('project')], project)
  each(
    'the changes of a project',
    Object.values(golden<Record<string, wire.ProjectChanges>>('changes')),
    changes,
  )
  each('a job', golden<wire.Job[]>('jobs'), job)
  each('an event', golden<{ events: wire.HistoryEvent[] }>('history').events, event)
  each('an embedding', golden<{ answers: wire.Focus[] }>('focus').answers, focus)
})

describe('The actions of the page', () => {
  const requests = Object.entries(golden<Record<string, wire.ActionRequest>>('actions'))
  for (const [name, { action }] of requests)
    it(`have the fields of "${name}"`, () => expect(sorted(action)).toEqual(sorted(actions[action.kind])))

  it('are those that the server knows', () => {
    const known = new Set(requests.map(([, { action }]) => action.kind))
    expect([...known].sort()).toEqual(sorted(actions))
  })
})
