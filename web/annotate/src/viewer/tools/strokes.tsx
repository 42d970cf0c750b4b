// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { paintText, type Paint } from '../../state/painting'
import type { PointPx } from '../../wire/types'
import { segmentSpans, type Span } from '../brush'
import type { Pen } from '../pen'
import type { Painting, ViewerStage } from '../viewer_stage'
import type { PointCss } from '../view_transform'
import { idle, onPicture, rounded, type Gesture, type AboutTool, type Tool } from './tool'

function strokeTool<Id extends string>(paint: Paint, about: AboutTool<Id>): Tool<Id> {
  return {
    ...about,
    cursor: 'none',
    sized: true,
    paints: { paint, goesToIt: 'A stroke that begins on the selected object goes to it' },
    press: (stage, { at, otherWay }) => strokeGesture(stage, at, otherWay ? 'remove' : paint),
    hover: (stage, at, pen) => drawRing(stage, at, pen, paint),
  }
}

export const brush = strokeTool('add', {
  id: 'brush',
  title: 'Brush',
  key: 'R',
  hint: 'Paint on the selected object, or begin a new one',
  icon: icon(
    <>
      <path d="M16.6 3.4c-2.6.6-6 3.7-8.1 6.6l1.6 1.5c2.9-2 6-5.5 6.5-8.1z" />
      <path d="M7.2 11.2c-1.8.2-2.5 1.3-2.7 2.6-.1 1-.6 1.8-1.6 2.2 2.6 1.2 5.7.5 6-2.9z" />
    </>,
  ),
})

export const eraser = strokeTool('remove', {
  id: 'eraser',
  title: 'Eraser',
  key: 'E',
  hint: 'Erase from the selected object',
  icon: icon(
    <>
      <path d="M11.2 4.2l4.9 4.9-6 6H6.6l-3-3z" />
      <path d="M7.6 7.8l4.9 4.9M9.5 16.5h7" />
    </>,
  ),
})

const textBelowCss = 14

// What it changes is settled where it begins, as the ring says there.
function strokeGesture(stage: ViewerStage, start: PointCss, paint: Paint): Gesture {
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
function drawRing(stage: ViewerStage, at: PointPx, pen: Pen, usual: Paint): void {
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
