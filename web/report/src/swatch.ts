// SPDX-License-Identifier: Apache-2.0
import { svg } from './dom'

// A piece of line for a legend.
export function swatch(colour: string, dash: number[] | null, width: number): SVGElement {
  const line = svg('line', {
    x1: 1,
    x2: 29,
    y1: 4,
    y2: 4,
    stroke: colour,
    'stroke-width': width,
    'stroke-dasharray': dash ? dash.join(' ') : null,
  })
  return svg('svg', { width: 30, height: 8, 'aria-hidden': 'true' }, line)
}
