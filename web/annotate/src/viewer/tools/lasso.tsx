// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import type { Paint } from '../../state/painting'
import type { PointPx } from '../../wire/types'
import { polygonSpans } from '../brush'
import type { ViewerStage } from '../viewer_stage'
import type { PointCss } from '../view_transform'
import { onPicture, rounded, type Gesture, type Tool } from './tool'

export const lasso: Tool<'lasso'> = {
  id: 'lasso',
  title: 'Lasso',
  key: 'L',
  hint: 'Draw around the area to add',
  icon: icon(
    <>
      <path d="M6.4 12.4C4.4 11.6 3 10.1 3 8.3 3 5.6 6.1 3.5 10 3.5s7 2.1 7 4.8-3.1 4.8-7 4.8c-.6 0-1.2-.1-1.7-.1" />
      <path d="M8.3 13.200a1.6 1.6 0 1 1-2-1.900M6.7 14c.4 1.2.2 2-.7 2.8" />
    </>,
  ),
  cursor: 'crosshair',
  paints: { paint: 'add', goesToIt: 'A lasso that touches the selected object goes to it' },
  press: (stage, { at, otherWay }) => onPicture(stage, lassoGesture(stage, at, otherWay ? 'remove' : 'add')),
}

function lassoGesture(stage: ViewerStage, start: PointCss, paint: Paint): Gesture {
  const { width, height } = stage.picture()
  let polygon = [rounded(stage.pixel(start))]
  const targetOf = () =>
    polygon.length < 3 ? null : stage.paintTarget(paint, () => polygonSpans(polygon, width, height))
  const show = () => {
    const colour = stage.colourOf(targetOf())
    stage.live.draw = (pen) => {
      if (polygon.length < 2) return
      pen.line(polygon, { colour, width: 1.5 })
      pen.line([polygon.at(-1)!, polygon[0]!], { colour, width: 1, dash: [4, 4] })
    }
    stage.redrawLive()
  }
  const hide = () => {
    stage.live.draw = null
    stage.redrawLive()
  }
  show()
  return {
    move(at) {
      const next = at.map((place) => rounded(stage.pixel(place)))
      const differs = ([x, y]: PointPx, [lastX, lastY]: PointPx) => x !== lastX || y !== lastY
      polygon = [...polygon, ...next.filter((point, i) => differs(point, next[i - 1] ?? polygon.at(-1)!))]
      show()
    },
    end() {
      hide()
      const spans = polygon.length < 3 ? [] : polygonSpans(polygon, width, height)
      if (spans.length === 0) return
      const target = targetOf()
      const send = () => stage.session.editing.draw(paint, target, { kind: 'lasso', polygon })
      if (!target) return void send()
      const preview = stage.beginPreview(target)
      preview.paint(spans, paint)
      stage.redrawMasks(null)
      stage.endPreview(preview, send())
    },
    cancel: hide,
  }
}
