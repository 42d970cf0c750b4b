// SPDX-License-Identifier: Apache-2.0
import { maskKey, type SessionState, type SliceMask } from '../session'
import type { ImageObject } from '../wire/types'
import { maskBits } from './mask_bits'

// How a mask is drawn.
export interface Shape {
  mask: SliceMask
  colour: string
  fill: number // opacity, 0 .. 1
  line: 'plain' | 'strong' | 'open' | 'faint' | 'preview'
}

// What the scene is made of: while these stay the same, so does the scene.
export type SceneState = Pick<SessionState, (typeof sceneFields)[number]>
const sceneFields = [
  'masks',
  'objects',
  'hidden',
  'selected',
  'made',
  'hovered',
  'proposal',
  'project',
  'label',
  'opacity',
  'outlineOnly',
  'preview',
  'image',
  'plane',
] as const

export function isSameScene(a: SceneState, b: SceneState): boolean {
  return sceneFields.every((field) =>
    field === 'project' ? a.project?.labels === b.project?.labels : a[field] === b[field],
  )
}

// Told apart by eye on grey pictures, and from one another side by side; none of them is Okabe and Ito's.
const proposalColours = [
  '#4cc9f0',
  '#f72585',
  '#b5e48c',
  '#ffd166',
  '#9b5de5',
  '#ff9f6b',
  '#48e5c2',
  '#c0c0ff',
]
const hoveredFill = 0.2 // on top

export function labelColour(state: Pick<SceneState, 'project'>, label: number | null): string | null {
  return state.project?.labels.find(({ id }) => id === label)?.colour ?? null
}

export function objectColour(state: SceneState, object: ImageObject): string {
  const label = object.id === state.proposal ? state.label : object.label
  return labelColour(state, label) ?? proposalColour(object.id)
}

export function paintedColour(state: SceneState, object: number | null): string {
  const known = object === null ? undefined : state.objects.get(object)
  return (known ? objectColour(state, known) : labelColour(state, state.label)) ?? proposalColours[0]!
}

// Where a click or the cursor can find an object.
export function reachableMasks(state: SceneState): SliceMask[] {
  return [...state.masks.values()].filter(
    ({ candidate, object }) => candidate === null && state.objects.has(object) && !state.hidden.has(object),
  )
}

function lineOf(state: SceneState, object: number): Shape['line'] {
  if (object === state.proposal) return 'open'
  const isShown = state.selected.has(object) || object === state.made?.object || object === state.hovered
  return isShown ? 'strong' : 'plain'
}

function objectShape(state: SceneState, mask: SliceMask, object: ImageObject): Shape {
  const base = state.outlineOnly ? 0 : state.opacity
  const fill = object.id === state.hovered ? Math.min(base + hoveredFill, 1) : base
  return { mask, colour: objectColour(state, object), fill, line: lineOf(state, object.id) }
}

// The other candidates of the open proposal.
function alternatives(state: SceneState): Shape[] {
  const open = state.proposal === null ? undefined : state.objects.get(state.proposal)
  if (!open || state.hidden.has(open.id)) return []
  return open.candidates.flatMap((_, candidate): Shape[] => {
    const mask = state.masks.get(maskKey(open.id, candidate))
    if (!mask || candidate === open.chosen) return []
    return [{ mask, colour: objectColour(state, open), fill: 0, line: 'faint' }]
  })
}

function proposalColour(number: number): string {
  return proposalColours[number % proposalColours.length]!
}

// What Everything has found so far on the slice in view: out of reach.
export function previewMasks({ preview, image, plane }: SceneState): readonly SliceMask[] {
  const isInView =
    preview?.image === image && preview?.plane.axis === plane?.axis && preview?.plane.slice === plane?.slice
  return preview && isInView ? preview.masks : []
}

function previewShape(mask: SliceMask): Shape {
  return { mask, colour: proposalColour(mask.object), fill: 0, line: 'preview' }
}

// Previews below all else, then large masks first, so that small ones stay visible; what is emphasised last.
export function shapesOf(state: SceneState): Shape[] {
  const shapes = reachableMasks(state).map((mask) =>
    objectShape(state, mask, state.objects.get(mask.object)!),
  )
  const rank = { preview: 0, plain: 0, strong: 1, open: 2, faint: 3 }
  shapes.sort((a, b) => rank[a.line] - rank[b.line] || maskBits(b.mask).count - maskBits(a.mask).count)
  return [...previewMasks(state).map(previewShape), ...shapes, ...alternatives(state)]
}
