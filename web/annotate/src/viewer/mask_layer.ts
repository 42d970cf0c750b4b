// SPDX-License-Identifier: Apache-2.0
import type { SliceMask } from '../session'
import { maskBits } from './mask_bits'
import { outlines } from './outline'
import type { Shape } from './scene'
import type { StrokePreview } from './stroke_preview'
import type { Rect, View } from './view_transform'

interface Drawn {
  fill: { colour: string; canvas: OffscreenCanvas } | null
  outline: Path2D | null // pixels of the mask's box
  placed: { view: View; path: Path2D } | null // the outline in the view
}
const drawn = new WeakMap<SliceMask, Drawn>()

function drawnOf(mask: SliceMask): Drawn {
  const known = drawn.get(mask)
  if (known) return known
  const made: Drawn = { fill: null, outline: null, placed: null }
  drawn.set(mask, made)
  return made
}

// The colour as the bytes of an opaque pixel, read as a little-endian number.
function rgba(colour: string): number {
  const value = parseInt(colour.slice(1), 16)
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255]
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
}

export function filledMask(mask: SliceMask, colour: string): OffscreenCanvas {
  const cached = drawnOf(mask)
  if (cached.fill?.colour === colour) return cached.fill.canvas
  const canvas = new OffscreenCanvas(Math.max(mask.width, 1), Math.max(mask.height, 1))
  const image = new ImageData(canvas.width, canvas.height)
  const pixels = new Uint32Array(image.data.buffer)
  const value = rgba(colour)
  let at = 0
  mask.runs.forEach((run, i) => {
    if (i % 2 === 1) pixels.fill(value, at, at + run)
    at += run
  })
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  cached.fill = { colour, canvas }
  return canvas
}

function outlineOf(mask: SliceMask): Path2D {
  const cached = drawnOf(mask)
  if (cached.outline) return cached.outline
  const path = new Path2D()
  for (const loop of outlines(maskBits(mask).bits, mask.width, mask.height)) {
    path.moveTo(loop[0]!, loop[1]!)
    for (let i = 2; i < loop.length; i += 2) path.lineTo(loop[i]!, loop[i + 1]!)
    path.closePath()
  }
  cached.outline = path
  return path
}

function placedOutline(mask: SliceMask, view: View): Path2D {
  const cached = drawnOf(mask)
  if (cached.placed?.view === view) return cached.placed.path
  const path = new Path2D()
  const { scaleX, scaleY, left, top } = view
  path.addPath(
    outlineOf(mask),
    new DOMMatrix([scaleX, 0, 0, scaleY, left + mask.x0 * scaleX, top + mask.y0 * scaleY]),
  )
  cached.placed = { view, path }
  return path
}

interface Stroke {
  colour: string | null // null: the shape's
  width: number // CSS pixels
  dash?: number[]
  alpha?: number
}
// Each line of an outline, one on top of the other: the dark ones keep it visible on bright tissue.
const strokes: Record<Shape['line'], readonly Stroke[]> = {
  plain: [{ colour: null, width: 1.5 }],
  strong: [
    { colour: '#000000', width: 4, alpha: 0.6 },
    { colour: null, width: 2.5 },
  ],
  open: [
    { colour: '#000000', width: 4, alpha: 0.6 },
    { colour: null, width: 2 },
    { colour: '#ffffff', width: 2, dash: [5, 5] },
  ],
  faint: [
    { colour: '#000000', width: 2.5, alpha: 0.35 },
    { colour: '#ffffff', width: 1.25, dash: [2, 4], alpha: 0.8 },
  ],
}

function touches({ x0, y0, width, height }: SliceMask, area: Rect | null): boolean {
  return !area || (x0 < area.x1 && y0 < area.y1 && x0 + width > area.x0 && y0 + height > area.y0)
}

// The masks of a slice on their canvas.
export class MaskLayer {
  private readonly context: CanvasRenderingContext2D

  constructor(canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!
  }

  clear(): void {
    this.context.resetTransform()
    this.context.clearRect(0, 0, this.context.canvas.width, this.context.canvas.height)
  }

  // `area`: pixels of the picture that have changed; null: all of them. `ratio`: pixels of the canvas a CSS pixel.
  draw(
    shapes: readonly Shape[],
    previews: readonly StrokePreview[],
    at: { view: View; ratio: number; area: Rect | null },
  ): void {
    const { context } = this
    context.save()
    context.setTransform(at.ratio, 0, 0, at.ratio, 0, 0)
    this.clip(at.view, at.area)
    context.imageSmoothingEnabled = Math.min(at.view.scaleX, at.view.scaleY) < 1
    const replaced = new Set(previews.map(({ object }) => object))
    const left = shapes.filter(({ mask }) => !replaced.has(mask.object) && touches(mask, at.area))
    for (const shape of left) this.fill(shape, at.view)
    for (const preview of previews) this.preview(preview, at.view)
    for (const shape of left) this.outline(shape, at.view)
    context.restore()
  }

  private clip(view: View, area: Rect | null): void {
    const { context } = this
    const { width, height } = context.canvas
    if (!area) return context.clearRect(0, 0, width, height)
    // To whole pixels of the canvas: a clip that cuts pixels would leave a seam.
    const x0 = Math.floor(view.left + area.x0 * view.scaleX) - 1
    const y0 = Math.floor(view.top + area.y0 * view.scaleY) - 1
    const x1 = Math.ceil(view.left + area.x1 * view.scaleX) + 1
    const y1 = Math.ceil(view.top + area.y1 * view.scaleY) + 1
    context.beginPath()
    context.rect(x0, y0, x1 - x0, y1 - y0)
    context.clip()
    context.clearRect(x0, y0, x1 - x0, y1 - y0)
  }

  private fill({ mask, colour, fill }: Shape, view: View): void {
    if (fill === 0 || mask.width === 0) return
    const { left, top, scaleX, scaleY } = view
    this.context.globalAlpha = fill
    this.context.drawImage(
      filledMask(mask, colour),
      left + mask.x0 * scaleX,
      top + mask.y0 * scaleY,
      mask.width * scaleX,
      mask.height * scaleY,
    )
  }

  private preview({ canvas, opacity }: StrokePreview, { left, top, scaleX, scaleY }: View): void {
    this.context.globalAlpha = opacity
    this.context.drawImage(canvas, left, top, canvas.width * scaleX, canvas.height * scaleY)
  }

  private outline({ mask, colour, line }: Shape, view: View): void {
    const path = placedOutline(mask, view)
    for (const stroke of strokes[line]) {
      this.context.globalAlpha = stroke.alpha ?? 1
      this.context.strokeStyle = stroke.colour ?? colour
      this.context.lineWidth = stroke.width
      this.context.setLineDash(stroke.dash ?? [])
      this.context.stroke(path)
    }
  }
}
