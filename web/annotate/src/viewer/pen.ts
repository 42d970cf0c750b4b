// SPDX-License-Identifier: Apache-2.0
import type { BoxPx, PointPx, Radii } from '../wire/types'
import { cssAt, type PointCss, type View } from './view_transform'

export interface LineStyle {
  colour: string
  width: number // CSS pixels, as are the lengths of the dashes
  dash?: number[]
}

const halo = 'rgb(0 0 0 / 75%)'
const textFont = '600 13px system-ui, sans-serif'

// Draws above the masks, at pixels of the picture.
export class Pen {
  constructor(
    readonly context: CanvasRenderingContext2D,
    private readonly view: View,
  ) {}

  at(point: PointPx): PointCss {
    return cssAt(this.view, point)
  }

  line(points: readonly PointPx[], style: LineStyle): void {
    this.stroke(style, () => points.forEach((point) => this.context.lineTo(...this.at(point))))
  }

  box([x0, y0, x1, y1]: BoxPx, style: LineStyle): void {
    const [left, top] = this.at([x0, y0])
    const [right, bottom] = this.at([x1, y1])
    this.stroke(style, () => this.context.rect(left, top, right - left, bottom - top))
  }

  ellipse(centre: PointPx, [rx, ry]: Radii, style: LineStyle): void {
    const [width, height] = [rx * this.view.scaleX, ry * this.view.scaleY]
    this.stroke(style, () => this.context.ellipse(...this.at(centre), width, height, 0, 0, 2 * Math.PI))
  }

  dot(point: PointPx): void {
    const [x, y] = this.at(point)
    this.context.fillStyle = '#ffffff'
    this.context.fillRect(x - 1, y - 1, 2, 2)
  }

  textBelow(text: string, point: PointPx, belowCss: number): void {
    const [x, y] = this.at(point)
    this.write(text, [x, y + belowCss])
  }

  // Twice: a dark line below a bright one is seen on every picture.
  stroke({ colour, width, dash = [] }: LineStyle, path: () => void): void {
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

  // Its middle is at `css`.
  write(text: string, [x, y]: PointCss): void {
    const { context } = this
    context.font = textFont
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = 3
    context.strokeStyle = halo
    context.strokeText(text, x, y)
    context.fillStyle = '#ffffff'
    context.fillText(text, x, y)
  }
}
