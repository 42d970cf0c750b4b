// SPDX-License-Identifier: Apache-2.0
import type { Axis, BoxPx, PromptPoint } from '../wire/types'
import { edgeLetters, scaleBar } from './decorations'
import { Pen } from './pen'
import type { Size, View } from './view_transform'

// What changes with every move of the pointer, and what lies above the masks.
export interface LiveScene {
  points: readonly PromptPoint[]
  box: BoxPx | null
  drawings: readonly ((pen: Pen) => void)[] // of the tool
  axis: Axis | null // null: a plain picture
  mmPerPixel: readonly [number, number] | null
}

const positive = '#35d07f'
const negative = '#ff5c5c'
const boxColour = '#ffd166'
const marginCss = 16

export class LiveLayer {
  private readonly context: CanvasRenderingContext2D

  constructor(canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!
  }

  draw(live: LiveScene, view: View, size: Size, ratio: number): void {
    const { context } = this
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, size.width, size.height)
    const pen = new Pen(context, view)
    if (live.box) pen.box(live.box, { colour: boxColour, width: 1.5 })
    for (const point of live.points) drawPoint(pen, point)
    for (const drawing of live.drawings) drawing(pen)
    if (live.axis) drawLetters(pen, live.axis, size)
    if (live.mmPerPixel) drawScaleBar(pen, view.scaleX / live.mmPerPixel[0], size)
  }
}

function drawPoint(pen: Pen, { x, y, label }: PromptPoint): void {
  const [cx, cy] = pen.at([x, y])
  const { context } = pen
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

function drawLetters(pen: Pen, axis: Axis, { width, height }: Size): void {
  const letters = edgeLetters[axis]
  pen.write(letters.left, [marginCss, height / 2])
  pen.write(letters.right, [width - marginCss, height / 2])
  pen.write(letters.top, [width / 2, marginCss])
  pen.write(letters.bottom, [width / 2, height - marginCss])
}

function drawScaleBar(pen: Pen, cssPerMm: number, { width, height }: Size): void {
  const bar = scaleBar(cssPerMm, Math.min(160, width / 3))
  const [right, y] = [width - marginCss, height - marginCss]
  pen.stroke({ colour: '#ffffff', width: 2 }, () => {
    pen.context.moveTo(right - bar.lengthCss, y)
    pen.context.lineTo(right, y)
  })
  pen.write(bar.text, [right - bar.lengthCss / 2, y - 12])
}
