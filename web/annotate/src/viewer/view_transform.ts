// SPDX-License-Identifier: Apache-2.0
import type { PointPx } from '../wire/types'

export interface Size {
  width: number
  height: number
}
export type PointCss = [x: number, y: number] // CSS pixels of the view

// Where the picture lies in the view.
export interface View {
  left: number // CSS pixels: the outer corner of the top-left pixel
  top: number
  scaleX: number // CSS pixels a pixel of the picture
  scaleY: number
}

export interface Rect {
  x0: number
  y0: number
  x1: number // not included
  y1: number
}

const largestScale = 96 // CSS pixels a pixel
const marginCss = 8

// pixelMm: the proportions in which pixels are shown; null: square.
export function fitted(view: Size, picture: Size, pixelMm: readonly [number, number] | null): View {
  const [mmX, mmY] = pixelMm ?? [1, 1]
  const room = {
    width: Math.max(view.width - 2 * marginCss, 1),
    height: Math.max(view.height - 2 * marginCss, 1),
  }
  const perMm = Math.min(room.width / (picture.width * mmX), room.height / (picture.height * mmY))
  const [scaleX, scaleY] = [perMm * mmX, perMm * mmY]
  const left = (view.width - picture.width * scaleX) / 2
  const top = (view.height - picture.height * scaleY) / 2
  return { left, top, scaleX, scaleY }
}

// The point of the picture under `at` stays there. No smaller than half of `fit`.
export function zoomed(view: View, factor: number, at: PointCss, fit: View): View {
  const largest = largestScale / Math.max(view.scaleX, view.scaleY)
  const smallest = fit.scaleX / 2 / view.scaleX
  const by = Math.min(Math.max(factor, smallest), Math.max(largest, smallest))
  return {
    left: at[0] - (at[0] - view.left) * by,
    top: at[1] - (at[1] - view.top) * by,
    scaleX: view.scaleX * by,
    scaleY: view.scaleY * by,
  }
}

export function panned(view: View, dx: number, dy: number): View {
  return { ...view, left: view.left + dx, top: view.top + dy }
}

// The centre of the view stays where it is.
export function resized(view: View, from: Size, to: Size): View {
  return panned(view, (to.width - from.width) / 2, (to.height - from.height) / 2)
}

export function pixelAt(view: View, [x, y]: PointCss): PointPx {
  return [(x - view.left) / view.scaleX - 0.5, (y - view.top) / view.scaleY - 0.5]
}

export function cssAt(view: View, [x, y]: PointPx): PointCss {
  return [view.left + (x + 0.5) * view.scaleX, view.top + (y + 0.5) * view.scaleY]
}

export function isInside([x, y]: PointPx, { width, height }: Size): boolean {
  return x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5
}

export function clampedInto([x, y]: PointPx, { width, height }: Size): PointPx {
  return [Math.min(Math.max(x, -0.5), width - 0.5), Math.min(Math.max(y, -0.5), height - 0.5)]
}

export function joined(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || !b) return a ?? b
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  }
}
