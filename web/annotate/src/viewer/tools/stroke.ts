// SPDX-License-Identifier: Apache-2.0
import { paintText, type Paint } from '../../state/painting'
import type { PointPx } from '../../wire/types'
import { segmentSpans, type Span } from '../brush'
import type { Pen } from '../pen'
import type { Painting, Stage } from '../stage'
import type { PointCss } from '../view_transform'
import { idle, onPicture, rounded, type Gesture } from './tool'

// What brush and eraser do.

export const beginsOnIt = 'A stroke that begins on the selected object goes to it'
const textBelowCss = 14

// What it changes is settled where it begins, as the ring says there.
export function strokeGesture(stage: Stage, start: PointCss, paint: Paint): Gesture {
  const { width, height } = stage.picture()
  const radii = stage.brush()
  const points: PointPx[] = [rounded(stage.pixel(start))]
  const first = segmentSpans(points[0]!, points[0]!, radii, width, height)
  const target = stage.paintTarget(paint, () => first)
  const send = () => stage.session.editing.draw(paint, target, { kind: 'stroke', radii, points })
  if (!target) return onPicture(stage, { ...idle, end: () => void send() })
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
  return onPicture(stage, {
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
      stage.endPreview(preview, send())
    },
    cancel() {
      settle(null)
      stage.dropPreview(preview)
    },
  })
}

// The ring says where it is what a stroke that begins there changes; during a stroke, what that one does. That of one that
// removes is broken.
export function drawRing(stage: Stage, at: PointPx, pen: Pen, usual: Paint): void {
  const radii = stage.brush()
  const { width, height } = stage.picture()
  const { paint, target } = stage.live.painting ?? {
    paint: usual,
    target: stage.paintTarget(usual, () => segmentSpans(at, at, radii, width, height)),
  }
  const dash = paint === 'add' ? [] : [5, 4]
  pen.ellipse(at, radii, { colour: stage.colourOf(target), width: 2, dash })
  pen.dot(at)
  pen.textBelow(paintText(stage.session.getState(), paint, target), [at[0], at[1] + radii[1]], textBelowCss)
}
