// SPDX-License-Identifier: Apache-2.0
import type { PointPx, WireMask } from '../wire/types'
import type { Span } from './brush'

// A mask's pixels within its box, row by row.
export interface MaskBits {
  bits: Uint8Array
  count: number // of those inside
}

const known = new WeakMap<WireMask, MaskBits>()

function unpack({ runs, width, height }: WireMask): MaskBits {
  const bits = new Uint8Array(width * height)
  let at = 0
  let count = 0
  runs.forEach((run, i) => {
    if (i % 2 === 1) {
      bits.fill(1, at, at + run)
      count += run
    }
    at += run
  })
  return { bits, count }
}

export function maskBits(mask: WireMask): MaskBits {
  const found = known.get(mask)
  if (found) return found
  const made = unpack(mask)
  known.set(mask, made)
  return made
}

export function maskCovers(mask: WireMask, [x, y]: PointPx): boolean {
  const column = Math.round(x) - mask.x0
  const row = Math.round(y) - mask.y0
  if (column < 0 || row < 0 || column >= mask.width || row >= mask.height) return false
  return maskBits(mask).bits[row * mask.width + column] === 1
}

export function meetsSpans(mask: WireMask, spans: readonly Span[]): boolean {
  const { bits } = maskBits(mask)
  return spans.some(({ row, begin, end }) => {
    if (row < mask.y0 || row >= mask.y0 + mask.height) return false
    const at = (row - mask.y0) * mask.width - mask.x0
    const [from, to] = [Math.max(begin, mask.x0), Math.min(end, mask.x0 + mask.width)]
    return from < to && bits.subarray(at + from, at + to).includes(1)
  })
}

// The smallest mask that covers the point, so that one inside another can be reached.
export function smallestAt(masks: Iterable<WireMask>, point: PointPx): WireMask | null {
  let best: WireMask | null = null
  for (const mask of masks) {
    if (!maskCovers(mask, point)) continue
    if (!best || maskBits(mask).count < maskBits(best).count) best = mask
  }
  return best
}
