// SPDX-License-Identifier: Apache-2.0
// What the viewer and the panels share: the state of the page and what can be done to it. `state/` implements it,
// `viewer/` and `panels/` use it.
import type { Axis, BoxPx, ImageObject, Label, Opened, Plane, Project, PromptPoint } from './wire/types'

export type Tool = 'point' | 'background' | 'box' | 'brush' | 'eraser' | 'lasso' | 'pan' | 'window'
export type EmbeddingState = 'ready' | 'queued' | 'encoding' | 'failed'

export interface DisplayWindow {
  name: string // as the server takes it: "auto", "none", "brain", "40,80"
  centre: number | null // null: values as they are
  width: number | null
}

// The mask of an object or candidate on the slice in view; rows of bits are unpacked on demand.
export interface SliceMask {
  object: number
  candidate: number | null
  revision: number
  x0: number
  y0: number
  width: number
  height: number
  runs: Uint32Array // lengths row by row within the box, outside first
}

export interface SaveState {
  state: 'saved' | 'saving' | 'offline' | 'refused'
  message: string
}

export interface SessionState {
  project: Project | null
  opened: Opened | null // the image in view
  opening: boolean
  plane: Plane | null
  window: DisplayWindow | null
  embedding: EmbeddingState
  tool: Tool
  brushRadius: number // pixels of the picture
  label: number // the active one
  objects: ReadonlyMap<number, ImageObject>
  selected: ReadonlySet<number> // objects
  hovered: number | null
  hidden: ReadonlySet<number>
  opacity: number // of the fill, 0 .. 1
  outlineOnly: boolean
  masks: ReadonlyMap<string, SliceMask> // on `plane`; key: maskKey(object, candidate)
  proposal: number | null // the one that prompts go to
  job: { id: number; kind: string; done: number; total: number; message: string } | null
  save: SaveState
  undo: string | null
  redo: string | null
}

export function maskKey(object: number, candidate: number | null): string {
  return candidate === null ? `${object}` : `${object}:${candidate}`
}

// Everything that a person does. Each returns when the server has acknowledged it, and reports failures through
// `save` and a message: none throws.
export interface SessionActions {
  openImage(id: number): Promise<void>
  goTo(plane: Plane): void
  setWindow(window: DisplayWindow, when: 'dragging' | 'final'): void
  setTool(tool: Tool): void
  setBrushRadius(radius: number): void
  hover(object: number | null): void
  select(objects: number[], how: 'only' | 'toggle'): void
  // Points and box go to the open proposal, or begin one (for the selected approved object, where there is one and
  // `refining` is on).
  addPoint(point: PromptPoint): Promise<void>
  setBox(box: BoxPx): Promise<void>
  stroke(paint: 'add' | 'remove', radius: number, points: [number, number][]): Promise<void>
  lasso(paint: 'add' | 'remove', polygon: [number, number][]): Promise<void>
  nextCandidate(step: 1 | -1): Promise<void>
  accept(): Promise<void> // the open proposal, else the selected proposals, with the active label
  reject(): Promise<void>
  undoLast(): Promise<void>
  redoNext(): Promise<void>
}

export interface Session {
  getState(): SessionState
  subscribe(listener: () => void): () => void
  readonly actions: SessionActions
}
