// SPDX-License-Identifier: Apache-2.0
import type { BundleHead, ImageObject } from '../wire/types'

// For tests: bundles as the server writes them. Masks are boxes.

export interface Box {
  x0: number
  y0: number
  width: number
  height: number
}

export interface Stored {
  object: ImageObject
  box: Box
}

interface Mask extends Box {
  object: number
  candidate: number
  revision: number
}

const ownMask = 0xffffffff

export function masksOf({ object: { id, revision, candidates: scores }, box }: Stored): Mask[] {
  const own = { object: id, candidate: ownMask, revision, ...box }
  return [
    own,
    ...(scores.length === 3
      ? scores.map((_, at) => ({ ...own, candidate: at, width: box.width + 8 * at }))
      : []),
  ]
}

function leb128(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80)
  return [...bytes, value]
}

function u32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 255)
}

const magic = (text: string) => [...new TextEncoder().encode(text), 1, 0, 0, 0]

// What a job has found so far: as many boxes as it has done, the last one first.
export function foundMasks(count: number): Mask[] {
  return Array.from({ length: count }, (_, i) => {
    const object = count - i
    return { object, candidate: ownMask, revision: 0, x0: 20 * object, y0: 20, width: 10, height: 10 }
  })
}

export function encodeMasks(masks: readonly Mask[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...magic('SNDM'),
    ...u32(masks.length),
    ...masks.flatMap((mask) => {
      const runs = [0, ...leb128(mask.width * mask.height)]
      const { object, candidate, revision, x0, y0, width, height } = mask
      return [...[object, candidate, revision, x0, y0, width, height, runs.length].flatMap(u32), ...runs]
    }),
  ])
}

export function encodeBundle(head: BundleHead, masks: readonly Mask[]): Uint8Array<ArrayBuffer> {
  const headBytes = new TextEncoder().encode(JSON.stringify(head))
  const maskBytes = encodeMasks(masks)
  return Uint8Array.from([
    ...magic('SNDB'),
    ...u32(headBytes.length),
    ...u32(maskBytes.length),
    ...headBytes,
    ...maskBytes,
  ])
}
