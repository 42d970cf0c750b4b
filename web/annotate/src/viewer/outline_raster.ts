// SPDX-License-Identifier: Apache-2.0
// Outlines run along pixel edges, so they are drawn as rectangles straight into pixels: stroking the same lines as paths
// takes a browser without a graphics card many times longer where a mask has hundreds of specks.
import type { Loop } from './outline'
import type { Rect, View } from './view_transform'

// RGBA as little-endian numbers, row by row.
export interface Raster {
  width: number
  height: number
  pixels: Uint32Array
}

export interface Pen {
  value: number // RGBA
  width: number // pixels of the raster; so too below
  dash: number // drawn and left out in turn; 0: a line without gaps
}

// The colour "#rrggbb" as a pixel; opacity 0 .. 1.
export function pixelOf(colour: string, opacity = 1): number {
  const value = parseInt(colour.slice(1), 16)
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255]
  return ((Math.round(opacity * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0
}

// Pixels above which filling them at once pays.
const longSpan = 24

function within(area: Rect, { width, height }: Raster): Rect {
  return {
    x0: Math.max(area.x0, 0),
    y0: Math.max(area.y0, 0),
    x1: Math.min(area.x1, width),
    y1: Math.min(area.y1, height),
  }
}

export function fillRect({ width, pixels }: Raster, rect: Rect, value: number, clip: Rect): void {
  const begin = Math.max(rect.x0, clip.x0)
  const end = Math.min(rect.x1, clip.x1)
  const last = Math.min(rect.y1, clip.y1)
  const long = end - begin > longSpan
  for (let y = Math.max(rect.y0, clip.y0); y < last; ++y) {
    if (long) pixels.fill(value, y * width + begin, y * width + end)
    else for (let at = y * width + begin; at < y * width + end; ++at) pixels[at] = value
  }
}

class LoopPainter {
  private along = 0 // the loop

  constructor(
    private readonly raster: Raster,
    private readonly pen: Pen,
    private readonly clip: Rect,
  ) {}

  edge(x0: number, y0: number, x1: number, y1: number): void {
    const length = Math.abs(x1 - x0) + Math.abs(y1 - y0)
    const { dash } = this.pen
    if (dash === 0) return this.piece(x0, y0, x1, y1)
    const [stepX, stepY] = [Math.sign(x1 - x0), Math.sign(y1 - y0)]
    for (let from = 0; from < length; ) {
      const left = dash - (this.along % dash)
      const to = Math.min(from + left, length)
      if (Math.floor(this.along / dash) % 2 === 0)
        this.piece(x0 + stepX * from, y0 + stepY * from, x0 + stepX * to, y0 + stepY * to)
      this.along += to - from
      from = to
    }
  }

  private piece(x0: number, y0: number, x1: number, y1: number): void {
    const { width, value } = this.pen
    const half = width >> 1
    const rect = {
      x0: Math.min(x0, x1) - half,
      y0: Math.min(y0, y1) - half,
      x1: Math.max(x0, x1) - half + width,
      y1: Math.max(y0, y1) - half + width,
    }
    fillRect(this.raster, rect, value, this.clip)
  }
}

// `view` places the loops' corners on the raster. Nothing outside `area` changes.
export function paintLoops(raster: Raster, loops: readonly Loop[], view: View, pen: Pen, area: Rect): void {
  const clip = within(area, raster)
  for (const loop of loops) {
    const painter = new LoopPainter(raster, pen, clip)
    let x = Math.round(view.left + loop.at(-2)! * view.scaleX)
    let y = Math.round(view.top + loop.at(-1)! * view.scaleY)
    for (let i = 0; i < loop.length; i += 2) {
      const nextX = Math.round(view.left + loop[i]! * view.scaleX)
      const nextY = Math.round(view.top + loop[i + 1]! * view.scaleY)
      painter.edge(x, y, nextX, nextY)
      x = nextX
      y = nextY
    }
  }
}
