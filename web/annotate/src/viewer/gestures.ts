// SPDX-License-Identifier: Apache-2.0
import type { Session } from '../state/session'
import type { PaintTarget } from '../state/session_state'
import type { Paint } from '../state/painting'
import type { BoxPx, PointPx, Radii } from '../wire/types'
import type { Span } from './brush'
import { lassoSpans, segmentSpans } from './brush'
import { draggedWindow, greyRange } from './grey_window'
import type { StrokePreview } from './stroke_preview'
import { clampedInto, panned, type PointCss, type Rect, type Size, type View } from './view_transform'

// What a drag does, from the press of a button to its release.
export interface Gesture {
  move(at: PointCss[]): void // every place that the pointer has been at since the last call
  end(): void
  cancel(): void
}

// What a stroke or lasso that is being drawn changes.
export interface Painting {
  paint: Paint
  target: PaintTarget | null
}

// What gestures act on: the viewer.
export interface Stage {
  readonly session: Session
  readonly live: { draggedBox: BoxPx | null; lasso: PointPx[]; painting: Painting | null }
  picture(): Size
  brush(): Radii
  view(): View
  setView(view: View): void
  pixel(at: PointCss): PointPx
  // What a stroke changes that begins with `spans`, or a lasso round them; null: nothing.
  paintTarget(paint: Paint, spans: () => readonly Span[]): PaintTarget | null
  beginPreview(target: PaintTarget): StrokePreview
  endPreview(preview: StrokePreview, done: Promise<void>): void
  dropPreview(preview: StrokePreview): void
  redrawMasks(area: Rect | null): void
  redrawLive(): void
}

// Points are sent in sixteenths of a pixel: what is painted here is then exactly what the server paints.
const fineness = 16
const minBoxPx = 1
const idle: Gesture = { move() {}, end() {}, cancel() {} }

function rounded([x, y]: PointPx): PointPx {
  return [Math.round(x * fineness) / fineness, Math.round(y * fineness) / fineness]
}

export function panGesture(stage: Stage, start: PointCss): Gesture {
  const from = stage.view()
  return {
    move(at) {
      const [x, y] = at.at(-1)!
      stage.setView(panned(from, x - start[0], y - start[1]))
    },
    end() {},
    cancel: () => stage.setView(from),
  }
}

export function windowGesture(stage: Stage, start: PointCss): Gesture {
  const { session } = stage
  const { window: before, opened } = session.getState()
  if (!before || !opened || opened.photometric === 'rgb') return idle
  const from = greyRange(before, opened.range)
  let now = before
  return {
    move(at) {
      const [x, y] = at.at(-1)!
      now = draggedWindow(from, opened.range, x - start[0], y - start[1])
      session.navigator.setWindow(now, 'dragging')
    },
    end() {
      if (now !== before) session.navigator.setWindow(now, 'final')
    },
    cancel: () => session.navigator.setWindow(before, 'final'),
  }
}

export function boxGesture(stage: Stage, start: PointCss): Gesture {
  const picture = stage.picture()
  const from = rounded(clampedInto(stage.pixel(start), picture))
  const show = (box: BoxPx | null) => {
    stage.live.draggedBox = box
    stage.redrawLive()
  }
  return {
    move(at) {
      const to = rounded(clampedInto(stage.pixel(at.at(-1)!), picture))
      const low: PointPx = [Math.min(from[0], to[0]), Math.min(from[1], to[1])]
      show([...low, Math.max(from[0], to[0]), Math.max(from[1], to[1])])
    },
    end() {
      const box = stage.live.draggedBox
      show(null)
      if (box && box[2] - box[0] >= minBoxPx && box[3] - box[1] >= minBoxPx)
        void stage.session.editing.setBox(box)
    },
    cancel: () => show(null),
  }
}

// What it changes is settled where it begins, as the ring says there.
export function strokeGesture(stage: Stage, start: PointCss, paint: Paint): Gesture {
  const { width, height } = stage.picture()
  const radii = stage.brush()
  const points: PointPx[] = [rounded(stage.pixel(start))]
  const first = segmentSpans(points[0]!, points[0]!, radii, width, height)
  const target = stage.paintTarget(paint, () => first)
  if (!target)
    return {
      ...idle,
      end: () => void stage.session.editing.draw(paint, null, { kind: 'stroke', radii, points }),
    }
  const preview = stage.beginPreview(target)
  const show = (spans: Span[]) => {
    const area = preview.paint(spans, paint)
    if (area) stage.redrawMasks(area)
  }
  const settle = (now: Painting | null) => {
    stage.live.painting = now
    stage.redrawLive()
  }
  settle({ paint, target })
  show(first)
  stage.redrawMasks(null) // once without the outline that the object had
  return {
    move(at) {
      for (const place of at) {
        const [last, next] = [points.at(-1)!, rounded(stage.pixel(place))]
        if (next[0] === last[0] && next[1] === last[1]) continue
        points.push(next)
        show(segmentSpans(last, next, radii, width, height))
      }
    },
    end() {
      settle(null)
      stage.endPreview(preview, stage.session.editing.draw(paint, target, { kind: 'stroke', radii, points }))
    },
    cancel() {
      settle(null)
      stage.dropPreview(preview)
    },
  }
}

export function lassoGesture(stage: Stage, start: PointCss, paint: Paint): Gesture {
  const { width, height } = stage.picture()
  const targetOf = (polygon: PointPx[]) => stage.paintTarget(paint, () => lassoSpans(polygon, width, height))
  const show = (points: PointPx[]) => {
    stage.live.lasso = points
    stage.live.painting = points.length < 3 ? null : { paint, target: targetOf(points) }
    stage.redrawLive()
  }
  show([rounded(stage.pixel(start))])
  return {
    move(at) {
      const next = at.map((place) => rounded(stage.pixel(place)))
      const distinct = next.filter(([x, y], i) => {
        const [lastX, lastY] = i > 0 ? next[i - 1]! : stage.live.lasso.at(-1)!
        return x !== lastX || y !== lastY
      })
      show([...stage.live.lasso, ...distinct])
    },
    end() {
      const polygon = stage.live.lasso
      show([])
      const spans = polygon.length < 3 ? [] : lassoSpans(polygon, width, height)
      if (spans.length === 0) return
      const target = targetOf(polygon)
      if (!target) return void stage.session.editing.draw(paint, null, { kind: 'lasso', polygon })
      const preview = stage.beginPreview(target)
      preview.paint(spans, paint)
      stage.redrawMasks(null)
      stage.endPreview(preview, stage.session.editing.draw(paint, target, { kind: 'lasso', polygon }))
    },
    cancel: () => show([]),
  }
}
