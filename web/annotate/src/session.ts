// SPDX-License-Identifier: Apache-2.0
// What the viewer and the panels share: the state of the page and what can be done to it. `state/` implements it,
// `viewer/` and `panels/` use it.
import type {
  BoxPx,
  EverythingRequest,
  ExportRequest,
  Focus,
  FocusRequest,
  HistoryEvent,
  ImageObject,
  Job,
  Opened,
  Plane,
  Project,
  PromptPoint,
  Radii,
  ResolvedWindow,
  WireMask,
} from './wire/types'

// 'select': a click picks the object under it (`pick`); the others draw or change how the picture is seen.
export type Tool = 'select' | 'point' | 'background' | 'box' | 'brush' | 'eraser' | 'lasso' | 'pan' | 'window'
// Pixels of the picture; even the smallest covers one wherever it is set down.
export const brushRadii = { min: 0.75, max: 200 }

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
}

// Masks that are no objects yet; their numbers are their own.
export interface Preview {
  image: number
  plane: Plane
  masks: readonly WireMask[]
}

export interface Message {
  id: number
  tone: 'info' | 'error' | 'critical' // critical: something is lost; it stays until it is dismissed
  text: string
  undo: 'offered' | 'none' // offered: until this page does something else
}

// What the page asks before it acts. Who chooses nothing has nothing done.
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
  tool: Tool
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

// Everything that a person does. Each returns when the server has acknowledged it, and reports failures through
// `save` and a message: none throws.
export interface SessionActions {
  openImage(id: number): Promise<void>
  goTo(plane: Plane): void
  setWindow(window: ResolvedWindow, when: 'dragging' | 'final'): void
  setTool(tool: Tool): void
  setBrushRadius(radius: number): void
  hover(object: number | null): void
  select(objects: number[], how: 'only' | 'toggle'): void
  selectAll(of: ImageObject['state']): void // but for proposals whose acceptance is under way
  // A click of the 'select' tool: keeps (approves) a proposal of Everything and selects nothing, else opens or selects
  // the object; null (beside every object) selects nothing; 'toggle' (with Shift or Ctrl) only adds to the selection or takes from it.
  pick(object: number | null, how: 'only' | 'toggle'): void
  // A click in a list: selects the object, goes to a slice that shows it, and takes a proposal's prompts up again.
  open(object: number): void
  // Points and box go to the open proposal, or begin one (for the selected approved object, where there is one and
  // `refining` is on).
  addPoint(point: PromptPoint): Promise<void>
  setBox(box: BoxPx): Promise<void>
  // `target`: as paintTarget says; left out: of one that touches nothing.
  stroke(
    paint: 'add' | 'remove',
    radii: Radii,
    points: [number, number][],
    target?: PaintTarget | null,
  ): Promise<void>
  lasso(paint: 'add' | 'remove', polygon: [number, number][], target?: PaintTarget | null): Promise<void>
  nextCandidate(step: 1 | -1): Promise<void>
  // The open proposal, else the selected proposals, with the active label; goes to their slice first.
  accept(): Promise<void>
  reject(): Promise<void>
  undoLast(): Promise<void>
  redoNext(): Promise<void>

  setHidden(objects: number[], hidden: 'hidden' | 'shown'): void
  setOpacity(opacity: number): void
  setOutlineOnly(outline: 'outline' | 'filled'): void
  setRefining(refining: 'on' | 'off'): void // 'on' needs one approved object: selected, or just made
  fit(): void
  // Makes it the active one and, while no proposal is open, the label of the approved objects selected by hand.
  chooseLabel(label: number): Promise<void>
  // From here on, what concerns several objects of which some are not in view asks first.
  approve(objects: number[], label?: number): Promise<void> // proposals, with the active label unless told
  choose(proposal: number, candidate: number): Promise<void>
  remove(objects: number[]): Promise<void>
  relabel(objects: number[], label: number): Promise<void> // approved ones
  rename(object: number, name: string): Promise<void>
  setLocked(objects: number[], lock: 'locked' | 'open'): Promise<void>
  merge(objects: number[]): Promise<void> // asks which label wins
  split(object: number): Promise<void>
  fillHoles(objects: number[]): Promise<void>
  dropSpecks(objects: number[], below: number): Promise<void>
  addLabel(label: LabelFields): Promise<void>
  editLabel(label: number, fields: Partial<LabelFields>): Promise<void>
  deleteLabel(label: number): Promise<void>
  setOverlap(overlap: Project['overlap']): Promise<void>
  setDone(image: number, done: 'done' | 'open'): Promise<void>
  everything(settings: EverythingSettings): Promise<void>
  exportProject(request: ExportRequest): Promise<void>
  stopJob(job: 'everything' | 'export'): Promise<void>
  showHistory(shown: 'shown' | 'hidden'): void
  tell(tone: Message['tone'], text: string): void
  dismiss(message: number): void
  answer(choice: number | null): void // to the question; null: nothing of it
}

export type EverythingSettings = Required<Omit<EverythingRequest, keyof FocusRequest>>

export interface LabelFields {
  name: string
  colour?: string
  shortcut?: string
}

export interface Session {
  getState(): SessionState
  subscribe(listener: () => void): () => void
  readonly actions: SessionActions
}
