// SPDX-License-Identifier: Apache-2.0
// Made by sonde_wire_types from the descriptions in src/sonde/server/wire.h.

export type Axis = 'axial' | 'coronal' | 'sagittal'

export interface Plane {
  axis: Axis
  slice: number
}

export interface PromptPoint {
  x: number
  y: number
  label: 0 | 1 // 1 (inside) or 0 (outside)
}

export type BoxPx = [x0: number, y0: number, x1: number, y1: number]

// half axes of a brush, pixels
export type Radii = [x: number, y: number]

export type PointPx = [x: number, y: number]

export type ImageAction =
  | { kind: 'ask'; plane: Plane; points: PromptPoint[]; box?: BoxPx | null; window: string; class?: string; proposal?: number | null; target?: number | null }
  | { kind: 'choose'; proposal: number; candidate: number }
  | { kind: 'accept'; objects: number[]; label: number }
  | { kind: 'delete'; objects: number[] }
  | { kind: 'stroke'; plane: Plane; object?: number | null; label?: number; paint: 'add' | 'remove'; radii: Radii; points: PointPx[] }
  | { kind: 'lasso'; plane: Plane; object?: number | null; label?: number; paint: 'add' | 'remove'; polygon: PointPx[] }
  | { kind: 'label'; objects: number[]; label: number }
  | { kind: 'name'; object: number; name: string }
  | { kind: 'lock'; objects: number[] }
  | { kind: 'unlock'; objects: number[] }
  | { kind: 'merge'; objects: number[] }
  | { kind: 'split'; object: number }
  | { kind: 'fill_holes'; objects: number[]; axis: Axis }
  | { kind: 'drop_specks'; objects: number[]; below: number }
  | { kind: 'undo' }
  | { kind: 'redo' }

export interface ActionRequest {
  request: string // 8 to 64 letters, digits and -
  client?: string // 8 to 64 letters, digits and -
  view: Plane
  action: ImageAction
}

export type LabelAction =
  | { kind: 'add_label'; name: string; colour?: string | null; shortcut?: string | null }
  | { kind: 'edit_label'; label: number; name?: string; colour?: string; shortcut?: string }
  | { kind: 'delete_label'; label: number }

export type Overlap = 'keep' | 'overwrite' | 'allow'

export interface SettingsRequest {
  overlap: Overlap
}

export interface FocusRequest {
  plane: Plane
  window: string
}

export interface EverythingRequest {
  client?: string // 8 to 64 letters, digits and -
  plane: Plane
  window: string
  points_per_side?: number // 32 by default
  pred_iou?: number // 0.88 by default
  stability?: number // 0.95 by default
  min_region?: number // pixels; 0 by default
}

// one of the two, or both
export interface ProgressRequest {
  active_ms?: number | null // at most 60,000 at once
  done?: boolean | null
}

export type ExportFormat = 'png' | 'nifti' | 'nrrd' | 'coco' | 'dicom-seg'

export interface ExportRequest {
  format: ExportFormat
  each: 'labels' | 'objects' // one label map an image, or one file an object
}

export type TrainingPart = 'lora' | 'decoder' | 'quality'

export interface TrainingRequest {
  what?: TrainingPart // lora, decoder or quality
  steps?: number // 200 by default
  seed?: number // 1 by default
  go_on?: number | null // with one that was stopped, by its number and its settings
}

export interface ModelRequest {
  training?: number | null // whose weights answer from now on; null: those that sonde is started with
}

export interface CompareRequest {
  training: number
  plane: Plane
  points: PromptPoint[]
  box?: BoxPx | null
  window: string
  class?: string // one that the model has learned, by name
}

// what a model has learned to find by name, and what was measured of it on other pictures
export interface ModelClass {
  name: string
  n: number // pictures with it
  n_absent: number // pictures without it
  iou: number // mean, where it is present
  iou_low: number // of the 95 % interval
  iou_high: number
  found: number // share of the pictures with it where the model says that it is there
  found_absent: number // the same of those without it
}

export interface Model {
  name: string
  architecture: string
  sha256: string
  precision: string
  classes: ModelClass[] // that prompts may name; none of most models
  training: number | null // of this project that it comes from; null: none
}

export interface Label {
  id: number
  name: string // no two labels have one
  colour: string // "#rrggbb"
  shortcut: string // one character, or empty; no two labels have one
  value: number // in exported label maps
  objects: number // that carry it
}

export type ImageStatus = 'new' | 'started' | 'done'

export interface Summary {
  id: number
  name: string
  path: string
  status: ImageStatus
  approved: number // objects
  proposed: number // objects
  active_ms: number // that people have spent on it
  revision: number
  extent: [x: number, y: number, z: number] | null // known once the image has been opened
  fault: string | null // why it could not be
  notice: string | null // that its file has changed under its objects
}

export interface Limits {
  name_characters: number // of a label or an object
  min_brush_radius: number // pixels
  max_brush_radius: number // pixels
  points_per_side: number // of `everything`
  min_region: number // of `everything`, pixels
}

export interface Project {
  name: string
  folder: string
  revision: number
  version: string
  model: Model
  overlap: Overlap
  labels: Label[]
  images: Summary[]
  limits: Limits
}

export interface ProjectChanges {
  revision: number
  images: Summary[] // that have changed
  labels: Label[] | null // null: as they were
  overlap: Overlap
  model: Model
}

export interface LabelsChanged {
  revision: number
  labels: Label[]
}

export interface Settings {
  revision: number
  overlap: Overlap
}

export type Photometric = 'grey' | 'grey_inverted' | 'rgb'

export interface ImagePlane {
  axis: Axis
  width: number
  height: number
  slices: number
  pixel_mm: [number, number] | null // of x and y; null where the file says nothing of space
  slice_mm: number | null
}

export interface ResolvedWindow {
  name: string // one that requests take
  centre: number | null // null: values as they are
  width: number | null
}

export interface WindowPreset {
  name: string
  centre: number
  width: number
}

export type ObjectState = 'proposed' | 'approved'

export type ObjectSource = 'prompt' | 'everything' | 'brush' | 'import' | 'split'

export interface Bounds {
  axial: [number, number]
  coronal: [number, number]
  sagittal: [number, number]
}

export interface Candidate {
  predicted_iou: number
  stability: number
  area: number
}

export interface AskedPrompt {
  points: PromptPoint[]
  box: BoxPx | null
  window: string
  class?: string // one that the model has learned, by name
}

export interface ImageObject {
  id: number
  state: ObjectState
  locked: boolean
  label: number | null // null of a proposal
  name: string
  source: ObjectSource
  area: number // pixels or voxels
  revision: number // of its last change
  bounds: Bounds | null // the first and last slice along each axis that it reaches; null: it is empty
  plane: Plane | null // this and the rest: of a proposal
  target: number | null // the approved object that it changes when it is accepted
  candidates: Candidate[]
  chosen: number | null // the candidate that is shown
  prompt: AskedPrompt | null // null of one of a grid
  object_score?: number // of a prompt with a class: below 0 the model says that it is not in the picture
}

export interface Opened {
  image: Summary
  extent: [x: number, y: number, z: number]
  plain: boolean // a picture, not a volume
  photometric: Photometric // `grey_inverted`: small values are bright
  range: [number, number] // of the finite values
  orientation: string // where the voxel axes point: "RAS"
  notes: string[]
  planes: ImagePlane[]
  default_plane: Plane
  window: ResolvedWindow // the default one, resolved
  presets: WindowPreset[]
  revision: number
  undo: string | null // the kind of the action that the client would undo next
  redo: string | null
  objects: ImageObject[]
}

// of the answer, in ms
export interface Timing {
  wait: number
  decode: number
  total: number
}

// from other approved objects, by the rule `overwrite`
export interface Taken {
  area: number // pixels or voxels in all
  objects: number // that lost some
  removed: number // of these, that are gone
}

export interface BundleHead {
  revision: number
  undo: string | null
  redo: string | null
  changed: ImageObject[]
  removed: number[]
  image: Summary
  labels: Label[] | null // null: as they were
  timing_ms: Timing
  taken?: Taken
}

export type EmbeddingState = 'ready' | 'queued' | 'encoding' | 'failed'

export interface Focus {
  embedding: EmbeddingState
  message: string
}

export interface ImageProgress {
  image: Summary
}

export interface HistoryEvent {
  id: number
  time: string // UTC, ISO 8601
  kind: string
  summary: string
  undone: boolean
}

export interface History {
  events: HistoryEvent[] // newest first
}

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'

export interface EverythingResult {
  revision: number
  proposals: number
}

export interface ExportedResult {
  folder: string
  files: number
  notes: string[]
}

export interface TrainedResult {
  training: number // its number
}

export interface Job {
  job: number
  kind: string
  state: JobState
  done: number
  total: number
  message: string
  preview: number // grows with each preview; 0: there is none
  result: EverythingResult | ExportedResult | TrainedResult | null // null until it is done
}

export interface JobList {
  jobs: Job[] // oldest first; an hour after their end they are forgotten
}

export type TrainingState = 'running' | 'stopped' | 'done'

export interface TrainingTest {
  prompt: string
  n: number // objects
  before: number // mean IoU
  after: number
  low: number // of `after`: its 95 % interval
  high: number
}

export interface TrainingGuard {
  name: string
  before: number
  after: number
  limit: number
  passed: boolean
}

export interface Training {
  training: number // its number
  state: TrainingState
  what: TrainingPart
  steps: number
  seed: number
  file: string // of its weights, relative to the project; this and the rest: once it is done
  test: TrainingTest[]
  guards: TrainingGuard[]
  notes: string[]
  report: boolean // at /api/training/NUMBER/report
}

export interface TrainingList {
  missing: string | null // why none can be started, one line for people; null: it can
  objects: number // that are approved
  images: number // that have some
  seconds_to_begin: number // about, on this machine
  seconds_a_step: number // checks included
  trainings: Training[] // newest first
}

export interface ErrorBody {
  error: { kind: string; message: string }
}

