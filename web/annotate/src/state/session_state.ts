// SPDX-License-Identifier: Apache-2.0
// What the page shows.
import type {
  BoxPx,
  EverythingRequest,
  Focus,
  FocusRequest,
  HistoryEvent,
  ImageObject,
  Job,
  Opened,
  Plane,
  Project,
  PromptPoint,
  ResolvedWindow,
  TrainingList,
  WireMask,
} from '../wire/types'
import type { ToolId } from '../viewer/tools'

// Pixels of the picture; even the smallest covers one wherever it is set down.
export const minBrushRadius = 0.75 // covers a pixel wherever it is put, which the project's least does not

// lost: the server does not answer; lockedOut: it does not know this browser's token (any more). The session goes on
// trying, and goes on by itself.
export type Connection = 'there' | 'lost' | 'lockedOut'

// offline: what is not saved waits, also because the disk is full; `message` is what to show.
export interface SaveState {
  state: 'saved' | 'saving' | 'offline' | 'refused'
  message: string
}

// The prompts of the open proposal as given so far, those that the server has not answered yet among them.
export interface Draft {
  plane: Plane
  points: PromptPoint[]
  box: BoxPx | null
  class?: string
}

// Masks that are not objects yet; their numbers are their own.
export interface Preview {
  image: number
  plane: Plane
  masks: readonly WireMask[]
}

// The same prompts answered by the weights before a training and by those after it.
export type ShownWeights = 'old' | 'new' | 'both'
export interface Comparison {
  training: number
  shown: ShownWeights
  plane: Plane | null // where it was asked; null: nothing has been
  masks: { old: WireMask; new: WireMask } | null
}

export interface Message {
  id: number
  tone: 'info' | 'error' | 'critical' // critical: something is lost; it stays until it is dismissed
  text: string
  undo: 'offered' | 'none' // offered: until this page does something else
}

// What the page asks before it acts. Without a choice nothing is done.
export interface Question {
  text: string
  detail: string
  choices: readonly string[]
}

// What was made last: it is shown, and not selected. Strokes go on with what a stroke has begun.
export interface Made {
  object: number | null // null: the server has not answered yet
  by: 'accept' | 'stroke'
}

// What a stroke changes: the open proposal, what the strokes before it have begun, an object, or nothing that is there.
export type PaintTarget =
  | { on: 'proposal' }
  | { on: 'begun' }
  | { on: 'object'; object: number }
  | { on: 'new' }

export interface SessionState {
  connection: Connection
  project: Project | null
  opened: Opened | null // the image in view
  image: number | null // the one asked for; `opened` follows when it has been read
  opening: boolean
  fault: string | null // why the image asked for could not be opened
  plane: Plane | null
  window: ResolvedWindow | null
  embedding: Focus['embedding']
  embeddingMessage: string // why it failed
  tool: ToolId
  brushRadius: number // pixels of the finer side; round in millimetres
  label: number // the active one
  objects: ReadonlyMap<number, ImageObject>
  selected: ReadonlySet<number> // objects, by hand: what keys and tools act on
  made: Made | null
  hovered: number | null
  hidden: ReadonlySet<number>
  opacity: number // of the fill, 0 .. 1
  outlineOnly: boolean
  masks: ReadonlyMap<string, WireMask> // on `plane`; key: maskKey(object, candidate)
  proposal: number | null // the one that prompts go to
  draft: Draft | null // draw these prompts; null when no proposal is open
  predicting: boolean // a prompt has not been answered yet
  refining: boolean // prompts change the selected approved object, as long as it is selected
  question: Question | null
  job: Job | null // of Everything
  jobImage: number | null // whose proposals it makes
  preview: Preview | null // what it has found so far
  exporting: Job | null
  training: Job | null
  trainings: TrainingList | null // null: nobody has looked
  comparing: Comparison | null
  history: readonly HistoryEvent[] | null // null: not being looked at
  messages: readonly Message[]
  fitRequests: number // grows when the picture is to be fitted to the view again
  save: SaveState
  undo: string | null
  redo: string | null
}

export function maskKey(object: number, candidate: number | null): string {
  return candidate === null ? `${object}` : `${object}:${candidate}`
}

export type EverythingSettings = Required<Omit<EverythingRequest, keyof FocusRequest | 'client'>>

export interface LabelFields {
  name: string
  colour?: string
  shortcut?: string
}
