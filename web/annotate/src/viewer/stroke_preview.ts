// SPDX-License-Identifier: Apache-2.0
import type { Paint } from '../state/painting'
import type { WireMask } from '../wire/types'
import type { Span } from './brush'
import { filledMask } from './mask_layer'
import { joined, type Rect, type Size } from './view_transform'

export function spansArea(spans: readonly Span[]): Rect | null {
  let area: Rect | null = null
  for (const { row, begin, end } of spans) area = joined(area, { x0: begin, y0: row, x1: end, y1: row + 1 })
  return area
}

// An object as it will be once the server has answered to the strokes on it: drawn in place of its mask.
export class StrokePreview {
  readonly subject: string // strokes on the same one follow each other
  readonly object: number | null // whose mask it stands for; null: a new one
  readonly canvas: OffscreenCanvas
  private readonly context: OffscreenCanvasRenderingContext2D

  constructor(
    of: { subject: string; object: number | null },
    readonly opacity: number,
    private readonly colour: string,
    picture: Size,
    before: WireMask | StrokePreview | null,
  ) {
    this.subject = of.subject
    this.object = of.object
    this.canvas = new OffscreenCanvas(picture.width, picture.height)
    this.context = this.canvas.getContext('2d')!
    this.context.fillStyle = colour
    if (before instanceof StrokePreview) this.context.drawImage(before.canvas, 0, 0)
    else if (before && before.width > 0)
      this.context.drawImage(filledMask(before, this.colour), before.x0, before.y0)
  }

  // Returns what has changed.
  paint(spans: readonly Span[], paint: Paint): Rect | null {
    for (const { row, begin, end } of spans)
      if (paint === 'add') this.context.fillRect(begin, row, end - begin, 1)
      else this.context.clearRect(begin, row, end - begin, 1)
    return spansArea(spans)
  }
}
