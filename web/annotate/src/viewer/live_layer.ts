// SPDX-License-Identifier: Apache-2.0
import type { Paint } from '../state/painting'
import type { Axis, BoxPx, PointPx, PromptPoint, Radii } from '../wire/types'
import { edgeLetters, scaleBar } from './decorations'
import { cssAt, type PointCss, type Size, type View } from './view_transform'

// The ring of a brush, in the colour and with the name of what it changes.
export interface BrushCursor {
  at: PointPx
  radii: Radii
  paint: Paint
  colour: string
  text: string
}

// What changes with every move of the pointer, and what lies above the masks.
export interface Live {
  points: readonly PromptPoint[]
  box: BoxPx | null
  lasso: readonly PointPx[]
  cursor: BrushCursor | null
  lassoColour: string // of what it changes
  axis: Axis | null // null: a plain picture
  mmPerPixel: readonly [number, number] | null
}

const positive = '#35d07f'
const negative = '#ff5c5c'
const boxColour = '#ffd166'
const halo = 'rgb(0 0 0 / 75%)'
const textFont = '600 13px system-ui, sans-serif'
const marginCss = 16
const textBelowCss = 14

export class LiveLayer {
  private readonly context: CanvasRenderingContext2D

  constructor(canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!
  }

  draw(live: Live, view: View, size: Size, ratio: number): void {
    const { context } = this
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, size.width, size.height)
    this.drawLasso(live.lasso, live.lassoColour, view)
    if (live.box) this.drawBox(live.box, view)
    for (const point of live.points) this.drawPoint(point, view)
    if (live.cursor) this.drawCursor(live.cursor, view)
    if (live.axis) this.drawLetters(live.axis, size)
    if (live.mmPerPixel) this.drawScaleBar(view.scaleX / live.mmPerPixel[0], size)
  }

  // Twice: a dark line below a bright one is seen on every picture.
  private line(colour: string, width: number, path: () => void, dash: number[] = []): void {
    const { context } = this
    context.beginPath()
    path()
    context.setLineDash([])
    context.lineWidth = width + 2
    context.strokeStyle = halo
    context.stroke()
    context.setLineDash(dash)
    context.lineWidth = width
    context.strokeStyle = colour
    context.stroke()
    context.setLineDash([])
  }

  private drawPoint({ x, y, label }: PromptPoint, view: View): void {
    const [cx, cy] = cssAt(view, [x, y])
    const { context } = this
    context.beginPath()
    context.arc(cx, cy, 7, 0, 2 * Math.PI)
    context.fillStyle = label ? positive : negative
    context.fill()
    context.lineWidth = 1.5
    context.strokeStyle = '#ffffff'
    context.stroke()
    context.beginPath()
    context.moveTo(cx - 3.5, cy)
    context.lineTo(cx + 3.5, cy)
    if (label) {
      context.moveTo(cx, cy - 3.5)
      context.lineTo(cx, cy + 3.5)
    }
    context.lineWidth = 2
    context.strokeStyle = '#000000'
    context.stroke()
  }

  private drawBox([x0, y0, x1, y1]: BoxPx, view: View): void {
    const [left, top] = cssAt(view, [x0, y0])
    const [right, bottom] = cssAt(view, [x1, y1])
    this.line(boxColour, 1.5, () => this.context.rect(left, top, right - left, bottom - top))
  }

  private drawLasso(points: readonly PointPx[], colour: string, view: View): void {
    if (points.length < 2) return
    const path = () => points.forEach((point) => this.context.lineTo(...cssAt(view, point)))
    this.line(colour, 1.5, path)
    const closing = [points.at(-1)!, points[0]!].map((point) => cssAt(view, point))
    this.line(colour, 1, () => closing.forEach((point) => this.context.lineTo(...point)), [4, 4])
  }

  // What takes away has a broken ring.
  private drawCursor({ at, radii: [rx, ry], paint, colour, text }: BrushCursor, view: View): void {
    const [x, y] = cssAt(view, at)
    const [width, height] = [rx * view.scaleX, ry * view.scaleY]
    const ring = () => this.context.ellipse(x, y, width, height, 0, 0, 2 * Math.PI)
    this.line(colour, 2, ring, paint === 'add' ? [] : [5, 4])
    this.context.fillStyle = '#ffffff'
    this.context.fillRect(x - 1, y - 1, 2, 2)
    this.text(text, [x, y + height + textBelowCss], 'center')
  }

  private text(text: string, [x, y]: PointCss, align: CanvasTextAlign): void {
    const { context } = this
    context.font = textFont
    context.textAlign = align
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = 3
    context.strokeStyle = halo
    context.strokeText(text, x, y)
    context.fillStyle = '#ffffff'
    context.fillText(text, x, y)
  }

  private drawLetters(axis: Axis, { width, height }: Size): void {
    const letters = edgeLetters[axis]
    this.text(letters.left, [marginCss, height / 2], 'center')
    this.text(letters.right, [width - marginCss, height / 2], 'center')
    this.text(letters.top, [width / 2, marginCss], 'center')
    this.text(letters.bottom, [width / 2, height - marginCss], 'center')
  }

  private drawScaleBar(cssPerMm: number, { width, height }: Size): void {
    const bar = scaleBar(cssPerMm, Math.min(160, width / 3))
    const [right, y] = [width - marginCss, height - marginCss]
    this.line('#ffffff', 2, () => {
      this.context.moveTo(right - bar.lengthCss, y)
      this.context.lineTo(right, y)
    })
    this.text(bar.text, [right - bar.lengthCss / 2, y - 12], 'center')
  }
}
