// SPDX-License-Identifier: Apache-2.0
// The shapes of docs/http.md.

export type Axis = 'axial' | 'coronal' | 'sagittal'

export interface Plane {
  axis: Axis
  slice: number
}

// Prompts are in pixels of the picture as shown, the centre of the top-left pixel at (0, 0).
export interface PromptPoint {
  x: number
  y: number
  label: 0 | 1 // outside, inside
}
export type BoxPx = [x0: number, y0: number, x1: number, y1: number]
export type PointPx = [x: number, y: number]
// Half axes of a brush, pixels.
export type Radii = [x: number, y: number]

export interface Label {
  id: number
  name: string
  colour: string // "#rrggbb"
  shortcut: string // one character, or empty
  value: number // in exported label maps
  objects: number // that carry it
}

export type LabelAction =
  | { kind: 'add_label'; name: string; colour?: string; shortcut?: string }
  | { kind: 'edit_label'; label: number; name?: string; colour?: string; shortcut?: string }
  | { kind: 'delete_label'; label: number }

export type Overlap = 'overwrite' | 'keep' | 'allow'
export type ImageStatus = 'new' | 'started' | 'done'

export interface Summary {
  id: number
  name: string
  path: string
  status: ImageStatus
  approved: number
  proposed: number
  active_ms: number
  revision: number
  extent: [number, number, number] | null // known once the image has been opened
  fault: string | null // why it could not be
  notice: string | null // that its file has changed under its objects
}

export interface Model {
  name: string
  architecture: string
  sha256: string
  precision: string
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
}

export interface ProjectChanges {
  revision: number
  images: Summary[]
  labels: Label[] | null // null: as they were
  overlap: Overlap
}

export interface LabelsChanged {
  revision: number
  labels: Label[]
}

export interface Settings {
  revision: number
  overlap: Overlap
}

export interface ImagePlane {
  axis: Axis
  width: number
  height: number
  slices: number
  pixel_mm: readonly [x: number, y: number] | null
  slice_mm: number | null
}

export interface ResolvedWindow {
  name: string
  centre: number | null // null: values as they are
  width: number | null
}

export interface WindowPreset {
  name: string
  centre: number
  width: number
}

export interface Opened {
  image: Summary
  extent: [number, number, number]
  plain: boolean // a picture, not a volume
  photometric: string // "grey", "rgb", ...
  range: [number, number]
  orientation: string | null // where the voxel axes point: "RAS"
  notes: string[]
  planes: ImagePlane[]
  default_plane: Plane
  window: ResolvedWindow
  presets: WindowPreset[]
  revision: number
  undo: string | null
  redo: string | null
  objects: ImageObject[]
}

export type ObjectState = 'proposed' | 'approved'
export type ObjectSource = 'prompt' | 'everything' | 'brush' | 'import' | 'split'

export interface Candidate {
  predicted_iou: number
  stability: number
  area: number
}

export interface AskedPrompt {
  points: PromptPoint[]
  box: BoxPx | null
  window: string
}

export interface ImageObject {
  id: number
  state: ObjectState
  locked: boolean
  label: number | null
  name: string
  source: ObjectSource
  area: number // pixels or voxels
  revision: number
  bounds: Partial<Record<Axis, [first: number, last: number]>> | null // null: empty
  plane: Plane | null // this and the rest: of a proposal
  target: number | null
  candidates: Candidate[]
  chosen: number | null
  prompt: AskedPrompt | null
}

export type ImageAction =
  | {
      kind: 'ask'
      plane: Plane
      window: string
      points: PromptPoint[]
      box: BoxPx | null
      proposal: number | null
      target: number | null
    }
  | { kind: 'choose'; proposal: number; candidate: number }
  | { kind: 'accept'; objects: number[]; label: number }
  | { kind: 'delete'; objects: number[] }
  | {
      kind: 'stroke'
      plane: Plane
      object: number | null
      label: number
      paint: 'add' | 'remove'
      radii: Radii
      points: PointPx[]
    }
  | {
      kind: 'lasso'
      plane: Plane
      object: number | null
      label: number
      paint: 'add' | 'remove'
      polygon: PointPx[]
    }
  | { kind: 'label'; objects: number[]; label: number }
  | { kind: 'name'; object: number; name: string }
  | { kind: 'lock' | 'unlock'; objects: number[] }
  | { kind: 'merge'; objects: number[] }
  | { kind: 'split'; object: number }
  | { kind: 'fill_holes'; objects: number[]; axis: Axis }
  | { kind: 'drop_specks'; objects: number[]; below: number }
  | { kind: 'undo' }
  | { kind: 'redo' }

export interface ActionRequest {
  request: string // 8 to 64 letters, digits and "-"; new for each action
  client?: string // whose undo takes it back; in the same form
  view: Plane
  action: ImageAction
}

// The JSON of a bundle.
export interface BundleHead {
  revision: number
  undo: string | null
  redo: string | null
  changed: ImageObject[]
  removed: number[]
  image: Summary
  labels: Label[] | null
  timing_ms: Record<string, number>
  taken?: Taken // by the action, from other objects
}

export interface Taken {
  area: number
  objects: number
  removed: number // of these, that are gone
}

// A mask of an object on one slice: lengths of runs row by row within the box, outside first.
export interface WireMask {
  object: number
  candidate: number | null // null: the object's own
  revision: number
  x0: number
  y0: number
  width: number // 0: empty
  height: number
  runs: Uint32Array
}

export interface Bundle extends BundleHead {
  masks: WireMask[]
}

export type PictureValues = Uint8Array | Int16Array | Uint16Array | Float32Array

// channels 3: RGB; 1: physical values, before the window.
export interface Picture {
  width: number
  height: number
  channels: 1 | 3
  values: PictureValues
}

export interface Focus {
  embedding: 'ready' | 'queued' | 'encoding' | 'failed'
  message: string
}

export interface FocusRequest {
  plane: Plane
  window: string
}

export interface EverythingRequest extends FocusRequest {
  points_per_side?: number
  pred_iou?: number
  stability?: number
  min_region?: number // pixels
}

export interface ProgressRequest {
  active_ms?: number
  done?: boolean
}

export type ExportFormat = 'png' | 'nifti' | 'nrrd' | 'coco' | 'dicom-seg'

export interface ExportRequest {
  format: ExportFormat
  each: 'labels' | 'objects'
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

export interface Job {
  job: number
  kind: string
  state: JobState
  done: number
  total: number
  message: string
  preview: number // grows with each preview; 0: there is none
  result: EverythingResult | ExportedResult | null
}

export interface HistoryEvent {
  id: number
  time: string // UTC, ISO 8601
  kind: string
  summary: string
  undone: boolean
}

export interface ErrorBody {
  error: { kind: string; message: string }
}
