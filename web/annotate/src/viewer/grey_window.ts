// SPDX-License-Identifier: Apache-2.0
import type { ResolvedWindow } from '../wire/types'

// Grey values shown black and white; in between linearly.
export interface GreyRange {
  lower: number
  upper: number
}

const asTheyAre: GreyRange = { lower: 0, upper: 255 }
// A drag over so many CSS pixels goes through all the values of the picture.
const dragCss = 500

// `values`: the smallest and largest of the image, for a window that has not been resolved.
export function greyRange(window: ResolvedWindow | null, values: readonly [number, number]): GreyRange {
  if (!window || window.name === 'none') return asTheyAre
  const { centre, width } = window
  if (centre === null || width === null)
    return { lower: values[0], upper: Math.max(values[1], values[0] + 1) }
  return { lower: centre - width / 2, upper: centre + width / 2 }
}

// To the right: wider, less contrast; up: brighter.
export function draggedWindow(
  from: GreyRange,
  values: readonly [number, number],
  dx: number,
  dy: number,
): ResolvedWindow {
  const span = Math.max(values[1] - values[0], Number.MIN_VALUE)
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(span)))
  const rounded = (value: number) => +value.toFixed(Math.min(decimals, 12))
  const minWidth = 10 ** -Math.min(decimals, 12)
  const width = Math.max(rounded(from.upper - from.lower + (dx * span) / dragCss), minWidth)
  const centre = rounded((from.lower + from.upper) / 2 + (dy * span) / dragCss)
  return { name: `${centre},${width}`, centre, width }
}
