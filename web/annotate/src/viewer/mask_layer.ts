// SPDX-License-Identifier: Apache-2.0
import type { WireMask } from '../wire/types'
import { maskBits } from './mask_bits'
import { outlines, type Loop } from './outline'
import { fillRect, paintLoops, pixelOf, type Pen, type Raster } from './outline_raster'
import type { Shape } from './scene'
import type { StrokePreview } from './stroke_preview'
import type { Rect, View } from './view_transform'

interface Drawn {
  fill: { colour: string; canvas: OffscreenCanvas } | null
  outline: Loop[] | null // pixels of the mask's box
  path: Path2D | null // pixels of the picture
}
const drawn = new WeakMap<WireMask, Drawn>()

function drawnOf(mask: WireMask): Drawn {
  const known = drawn.get(mask)
  if (known) return known
  const made: Drawn = { fill: null, outline: null, path: null }
  drawn.set(mask, made)
  return made
}

export function filledMask(mask: WireMask, colour: string): OffscreenCanvas {
  const cached = drawnOf(mask)
  if (cached.fill?.colour === colour) return cached.fill.canvas
  const canvas = new OffscreenCanvas(Math.max(mask.width, 1), Math.max(mask.height, 1))
  const image = new ImageData(canvas.width, canvas.height)
  const pixels = new Uint32Array(image.data.buffer)
  const value = pixelOf(colour)
  let at = 0
  mask.runs.forEach((run, i) => {
    if (i % 2 === 1) pixels.fill(value, at, at + run)
    at += run
  })
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  cached.fill = { colour, canvas }
  return canvas
}

function outlineOf(mask: WireMask): Loop[] {
  return (drawnOf(mask).outline ??= outlines(maskBits(mask).bits, mask.width, mask.height))
}

// A canvas takes half a millisecond to make, however small it is; a path takes the longer to fill the more corners it has.
const maxCorners = 256

function isSimple(mask: WireMask): boolean {
  return outlineOf(mask).reduce((corners, { length }) => corners + length / 2, 0) <= maxCorners
}

function pathOf(mask: WireMask): Path2D {
  const cached = drawnOf(mask)
  if (cached.path) return cached.path
  const path = new Path2D()
  for (const loop of outlineOf(mask)) {
    path.moveTo(mask.x0 + loop[0]!, mask.y0 + loop[1]!)
    for (let i = 2; i < loop.length; i += 2) path.lineTo(mask.x0 + loop[i]!, mask.y0 + loop[i + 1]!)
    path.closePath()
  }
  return (cached.path = path)
}

function fillMask(context: CanvasRenderingContext2D, mask: WireMask, colour: string): void {
  if (isSimple(mask)) {
    context.fillStyle = colour
    context.fill(pathOf(mask))
  } else context.drawImage(filledMask(mask, colour), mask.x0, mask.y0)
}

// The specks of a candidate that is not shown would cover the picture with dots.
function withoutSpecks(loops: readonly Loop[]): Loop[] {
  const longest = loops.reduce((longestYet, { length }) => Math.max(longestYet, length), 0)
  return loops.filter(({ length }) => length >= longest / 8)
}

interface Stroke {
  colour: string | null // null: the shape's
  width: number // CSS pixels
  dash?: number
  opacity?: number
}
// Each line of an outline, one on top of the other: the dark ones keep it visible on bright tissue.
const strokes: Record<Shape['line'], readonly Stroke[]> = {
  plain: [{ colour: null, width: 1.5 }],
  strong: [
    { colour: '#000000', width: 4, opacity: 0.6 },
    { colour: null, width: 2.5 },
  ],
  open: [
    { colour: '#000000', width: 4, opacity: 0.6 },
    { colour: null, width: 2 },
    { colour: '#ffffff', width: 2, dash: 5 },
  ],
  preview: [
    { colour: '#000000', width: 2, opacity: 0.25 },
    { colour: null, width: 1, opacity: 0.8 },
  ],
  faint: [
    { colour: '#000000', width: 1, opacity: 0.5 },
    { colour: '#ffffff', width: 1, dash: 3, opacity: 0.6 },
  ],
}

function penOf({ colour, width, dash = 0, opacity }: Stroke, shape: string, ratio: number): Pen {
  return {
    value: pixelOf(colour ?? shape, opacity),
    width: Math.max(Math.round(width * ratio), 1),
    dash: Math.round(dash * ratio),
  }
}

const lineReach = 3 // CSS pixels that an outline is drawn beyond its mask

// The pixels of the picture that are drawn on when the masks within `area` are.
export function withLines({ x0, y0, x1, y1 }: Rect, { scaleX, scaleY }: View): Rect {
  const [x, y] = [lineReach / scaleX, lineReach / scaleY]
  return { x0: x0 - x, y0: y0 - y, x1: x1 + x, y1: y1 + y }
}

export function boxOf({ x0, y0, width, height }: WireMask): Rect {
  return { x0, y0, x1: x0 + width, y1: y0 + height }
}

// Whether the mask or its outline is seen there.
export function isSeenIn(mask: WireMask, area: Rect, view: View): boolean {
  const { x0, y0, x1, y1 } = withLines(boxOf(mask), view)
  return x0 < area.x1 && y0 < area.y1 && x1 > area.x0 && y1 > area.y0
}

export interface Placed {
  view: View
  ratio: number // pixels of the canvas a CSS pixel
  area: Rect | null // pixels of the picture to redraw; null: all of them
}

// The masks of a slice: fills on one canvas, outlines on another above it.
export class MaskLayer {
  private readonly fills: CanvasRenderingContext2D
  private readonly lines: CanvasRenderingContext2D
  private image = new ImageData(1, 1)
  private raster: Raster = { width: 1, height: 1, pixels: new Uint32Array(1) }

  constructor(fills: HTMLCanvasElement, lines: HTMLCanvasElement) {
    this.fills = fills.getContext('2d')!
    this.lines = lines.getContext('2d')!
  }

  clear(): void {
    const { width, height } = this.fills.canvas
    this.fills.resetTransform()
    this.fills.clearRect(0, 0, width, height)
    this.lines.clearRect(0, 0, width, height)
  }

  draw(shapes: readonly Shape[], previews: readonly StrokePreview[], at: Placed): void {
    const replaced = new Set(previews.map(({ object }) => object))
    const left = shapes.filter(({ mask }) => !replaced.has(mask.object))
    const area = this.changed(at)
    this.drawFills(left, previews, at, area)
    this.drawOutlines(left, at, area)
  }

  // Whole pixels of the canvas: a clip that cuts pixels would leave a seam.
  private changed({ view, ratio, area }: Placed): Rect {
    const { width, height } = this.fills.canvas
    if (!area) return { x0: 0, y0: 0, x1: width, y1: height }
    return {
      x0: Math.max(Math.floor((view.left + area.x0 * view.scaleX) * ratio) - 1, 0),
      y0: Math.max(Math.floor((view.top + area.y0 * view.scaleY) * ratio) - 1, 0),
      x1: Math.min(Math.ceil((view.left + area.x1 * view.scaleX) * ratio) + 1, width),
      y1: Math.min(Math.ceil((view.top + area.y1 * view.scaleY) * ratio) + 1, height),
    }
  }

  private drawFills(
    shapes: readonly Shape[],
    previews: readonly StrokePreview[],
    { view, ratio }: Placed,
    { x0, y0, x1, y1 }: Rect,
  ): void {
    const { fills } = this
    fills.save()
    fills.resetTransform()
    fills.beginPath()
    fills.rect(x0, y0, x1 - x0, y1 - y0)
    fills.clip()
    fills.clearRect(x0, y0, x1 - x0, y1 - y0)
    fills.setTransform(view.scaleX * ratio, 0, 0, view.scaleY * ratio, view.left * ratio, view.top * ratio)
    fills.imageSmoothingEnabled = Math.min(view.scaleX, view.scaleY) < 1
    for (const { mask, colour, fill } of shapes) {
      if (fill === 0 || mask.width === 0) continue
      fills.globalAlpha = fill
      fillMask(fills, mask, colour)
    }
    for (const { canvas, opacity } of previews) {
      fills.globalAlpha = opacity
      fills.drawImage(canvas, 0, 0)
    }
    fills.restore()
  }

  private drawOutlines(shapes: readonly Shape[], { view, ratio }: Placed, area: Rect): void {
    this.fitRaster()
    fillRect(this.raster, area, 0, area)
    for (const { mask, colour, line } of shapes) {
      const loops = line === 'faint' ? withoutSpecks(outlineOf(mask)) : outlineOf(mask)
      const placed = {
        left: (view.left + mask.x0 * view.scaleX) * ratio,
        top: (view.top + mask.y0 * view.scaleY) * ratio,
        scaleX: view.scaleX * ratio,
        scaleY: view.scaleY * ratio,
      }
      for (const stroke of strokes[line])
        paintLoops(this.raster, loops, placed, penOf(stroke, colour, ratio), area)
    }
    const { x0, y0, x1, y1 } = area
    if (x0 < x1 && y0 < y1) this.lines.putImageData(this.image, 0, 0, x0, y0, x1 - x0, y1 - y0)
  }

  private fitRaster(): void {
    const { width, height } = this.lines.canvas
    if (this.raster.width === width && this.raster.height === height) return
    this.image = new ImageData(width, height)
    this.raster = { width, height, pixels: new Uint32Array(this.image.data.buffer) }
  }
}
