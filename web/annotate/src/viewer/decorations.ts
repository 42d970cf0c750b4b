// SPDX-License-Identifier: Apache-2.0
import type { Axis } from '../wire/types'

export interface EdgeLetters {
  left: string
  right: string
  top: string
  bottom: string
}

// Where the edges of a slice lie in the patient (docs/formats.md, "Slices").
export const edgeLetters: Record<Axis, EdgeLetters> = {
  axial: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
  coronal: { left: 'R', right: 'L', top: 'S', bottom: 'I' },
  sagittal: { left: 'A', right: 'P', top: 'S', bottom: 'I' },
}

export interface ScaleBar {
  lengthCss: number
  text: string
}

// A length of 1, 2 or 5 times a power of ten that takes up to `roomCss` pixels.
export function scaleBar(cssPerMm: number, roomCss: number): ScaleBar {
  const longest = roomCss / cssPerMm
  const power = 10 ** Math.floor(Math.log10(longest))
  const mm = ([5, 2].find((times) => times * power <= longest) ?? 1) * power
  const text =
    mm >= 10 ? `${+(mm / 10).toPrecision(1)} cm` : mm >= 1 ? `${mm} mm` : `${+(mm * 1000).toPrecision(1)} µm`
  return { lengthCss: mm * cssPerMm, text }
}

// What stands under the cursor: "x 12, y 34: 56".
export function readout(x: number, y: number, values: ArrayLike<number>): string {
  const shown = Array.from(values, (value) => (Number.isInteger(value) ? `${value}` : value.toPrecision(5)))
  return `x ${x}, y ${y}: ${shown.join(' ')}`
}
