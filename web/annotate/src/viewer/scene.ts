// SPDX-License-Identifier: Apache-2.0
import { maskKey, type SessionState } from '../state/session_state'
import { isCompared } from '../state/trainings'
import type { ImageObject, WireMask } from '../wire/types'
import { maskBits } from './mask_bits'

// How a mask is drawn.
export interface Shape {
  mask: WireMask
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
  'comparing',
] as const

function isSameOf(fields: readonly (keyof SceneState)[], a: SceneState, b: SceneState): boolean {
  return fields.every((field) =>
    field === 'project' ? a.project?.labels === b.project?.labels : a[field] === b[field],
  )
}

export function isSameScene(a: SceneState, b: SceneState): boolean {
  return isSameOf(sceneFields, a, b)
}

// Distinct on grey pictures and next to each other; none of them is one of Okabe and Ito's.
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

// A change of these redraws only the objects that they differ in.
const fieldsOfObjects = ['masks', 'objects', 'selected', 'hovered'] as const
const maxChanged = 64 // objects; with more of them everything is redrawn

function changedIds(a: SceneState, b: SceneState): Set<number> {
  const ids = new Set<number>()
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    if (from.hovered !== null && from.hovered !== to.hovered) ids.add(from.hovered)
    if (from.selected !== to.selected) for (const id of from.selected) if (!to.selected.has(id)) ids.add(id)
    if (from.objects !== to.objects)
      for (const [id, object] of from.objects) if (to.objects.get(id) !== object) ids.add(id)
    if (from.masks !== to.masks)
      for (const [key, mask] of from.masks) if (to.masks.get(key) !== mask) ids.add(mask.object)
  }
  return ids
}

// The masks that do not look in both scenes as they do in the other, as they were and as they are; 'all': too many, or
// more than single objects has changed.
export function changedMasks(a: SceneState, b: SceneState): WireMask[] | 'all' {
  const others = sceneFields.filter((field) => !fieldsOfObjects.some((one) => one === field))
  if (!isSameOf(others, a, b)) return 'all'
  const ids = changedIds(a, b)
  if (ids.size > maxChanged) return 'all'
  const masks = new Set<WireMask>()
  for (const { masks: all, objects } of [a, b])
    for (const id of ids)
      for (const candidate of [null, ...(objects.get(id)?.candidates.keys() ?? [])]) {
        const mask = all.get(maskKey(id, candidate))
        if (mask) masks.add(mask)
      }
  return [...masks]
}

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

type Reach = Pick<SceneState, 'masks' | 'objects' | 'hidden'>
let reached: (Reach & { found: readonly WireMask[] }) | null = null

// Where a click or the cursor can find an object. Asked with every move of the pointer, so the last answer is kept.
export function reachableMasks({ masks, objects, hidden }: Reach): readonly WireMask[] {
  if (reached && reached.masks === masks && reached.objects === objects && reached.hidden === hidden)
    return reached.found
  const found = [...masks.values()].filter(
    ({ candidate, object }) => candidate === null && objects.has(object) && !hidden.has(object),
  )
  reached = { masks, objects, hidden, found }
  return found
}

function lineOf(state: SceneState, object: number): Shape['line'] {
  if (object === state.proposal) return 'open'
  const isShown = state.selected.has(object) || object === state.made?.object || object === state.hovered
  return isShown ? 'strong' : 'plain'
}

function objectShape(state: SceneState, mask: WireMask, object: ImageObject): Shape {
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
export function previewMasks({ preview, image, plane }: SceneState): readonly WireMask[] {
  const isInView =
    preview?.image === image && preview?.plane.axis === plane?.axis && preview?.plane.slice === plane?.slice
  return preview && isInView ? preview.masks : []
}

const weightColours = { old: '#4cc9f0', new: '#ffd166' } as const // as in the bar (app/training.css)

// The answers of two networks, in place of the open proposal.
function comparedShapes(state: SceneState): Shape[] | null {
  const { comparing } = state
  if (!comparing?.masks || !isCompared(comparing, state.plane)) return null
  const { masks, shown } = comparing
  return (['old', 'new'] as const)
    .filter((one) => shown === 'both' || shown === one)
    .map((one) => ({
      mask: masks[one],
      colour: weightColours[one],
      fill: shown === 'both' || state.outlineOnly ? 0 : state.opacity,
      line: 'strong',
    }))
}

function previewShape(mask: WireMask): Shape {
  return { mask, colour: proposalColour(mask.object), fill: 0, line: 'preview' }
}

// Previews below all else, then large masks first, so that small ones stay visible; what is emphasised last. Of those
// masks alone that are wanted.
export function shapesOf(state: SceneState, wanted: (mask: WireMask) => boolean = () => true): Shape[] {
  const compared = comparedShapes(state)
  const shapes = reachableMasks(state)
    .filter((mask) => wanted(mask) && !(compared && mask.object === state.proposal))
    .map((mask) => objectShape(state, mask, state.objects.get(mask.object)!))
  const rank = { preview: 0, plain: 0, strong: 1, open: 2, faint: 3 }
  shapes.sort((a, b) => rank[a.line] - rank[b.line] || maskBits(b.mask).count - maskBits(a.mask).count)
  const previews = previewMasks(state).filter(wanted).map(previewShape)
  const others = compared ?? alternatives(state)
  return [...previews, ...shapes, ...others.filter(({ mask }) => wanted(mask))]
}
