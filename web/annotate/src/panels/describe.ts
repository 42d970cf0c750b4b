// SPDX-License-Identifier: Apache-2.0
import type { ImagePlane, Label, ModelClass, Opened, Summary } from '../wire/types'
import { countOf } from '../words'

// Texts for people.

export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

// Three significant digits.
function rounded(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

// In mm², mm³ or cm³ where the image says how large a pixel is.
export function areaText(area: number, opened: Opened): string {
  const plane = opened.planes[0]
  if (!plane?.pixel_mm) return opened.plain ? `${rounded(area)} px` : countOf(area, 'voxel')
  const mm2 = area * plane.pixel_mm[0] * plane.pixel_mm[1]
  if (opened.plain) return `${rounded(mm2)} mm²`
  if (plane.slice_mm === null) return countOf(area, 'voxel')
  const mm3 = mm2 * plane.slice_mm
  return mm3 >= 100 ? `${rounded(mm3 / 1000)} cm³` : `${rounded(mm3)} mm³`
}

// `radius` in pixels of the finer side.
export function brushText(radius: number, plane: ImagePlane | undefined): string {
  const px = `radius ${radius} px`
  return plane?.pixel_mm ? `${px}, ${rounded(radius * Math.min(...plane.pixel_mm))} mm` : px
}

// The network's estimate comes out a little above 1 at times.
export function iouText(predicted: number): string {
  return Math.min(predicted, 1).toFixed(2)
}

// What was measured of a class that the model has learned.
export function classText(known: ModelClass): string {
  const percent = (share: number) => `${Math.round(100 * share)} %`
  if (known.n === 0) return 'How well the model finds it has not been measured'
  const iou = `IoU ${known.iou.toFixed(2)} (95 % interval ${known.iou_low.toFixed(2)} to ${known.iou_high.toFixed(2)})`
  const found = `${iou} on ${countOf(known.n, 'picture')} with it, seen in ${percent(known.found)} of them`
  if (known.n_absent === 0) return `${found}; not measured where it is absent`
  return `${found}; seen by mistake in ${percent(known.found_absent)} of ${countOf(known.n_absent, 'picture')} without it`
}

export type ImageFilter = Summary['status'] | 'all' | 'unreadable'

export function matches(image: Summary, search: string, filter: ImageFilter): boolean {
  if (filter === 'unreadable' && image.fault === null) return false
  if (filter !== 'all' && filter !== 'unreadable' && image.status !== filter) return false
  const name = image.name.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word))
}

// Colours that are told apart with every kind of colour vision (Okabe and Ito), for new labels.
export const palette = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#cc79a7',
  '#d55e00',
  '#0072b2',
  '#b2df8a',
  '#cab2d6',
  '#fb9a99',
]

export function nextColour(labels: readonly Label[]): string {
  const used = new Set(labels.map(({ colour }) => colour.toLowerCase()))
  return palette.find((colour) => !used.has(colour)) ?? palette[labels.length % palette.length]!
}
