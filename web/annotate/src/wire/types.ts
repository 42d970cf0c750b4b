// SPDX-License-Identifier: Apache-2.0
// What the server and the page say to each other: JSON as the server describes it, and what is sent as bytes
// (docs/http.md).
import type { BundleHead } from './types.generated'

export * from './types.generated'

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
