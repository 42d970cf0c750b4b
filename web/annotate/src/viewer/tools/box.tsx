// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import type { BoxPx, PointPx } from '../../wire/types'
import type { ViewerStage } from '../viewer_stage'
import { clampedInto, type PointCss } from '../view_transform'
import { addPoint } from './clicks'
import { onPicture, rounded, type Gesture, type Tool } from './tool'

const minBoxPx = 1

export const box: Tool<'box'> = {
  id: 'box',
  title: 'Box',
  key: 'B',
  hint: 'Draw a box around the object',
  icon: icon(
    <path d="M3.5 6V3.5H6M14 3.5h2.5V6M16.5 14v2.5H14M6 16.5H3.5V14M9 3.5h2M9 16.5h2M3.5 9v2M16.5 9v2" />,
  ),
  cursor: 'crosshair',
  prompts: true,
  press(stage, { at, otherWay }) {
    if (!otherWay) return onPicture(stage, boxGesture(stage, at))
    addPoint(stage, at, 0)
    return null
  },
}

function boxGesture(stage: ViewerStage, start: PointCss): Gesture {
  const picture = stage.picture()
  const from = rounded(clampedInto(stage.pixel(start), picture))
  const show = (box: BoxPx | null) => {
    stage.live.box = box
    stage.redrawLive()
  }
  return {
    move(at) {
      const to = rounded(clampedInto(stage.pixel(at.at(-1)!), picture))
      const low: PointPx = [Math.min(from[0], to[0]), Math.min(from[1], to[1])]
      show([...low, Math.max(from[0], to[0]), Math.max(from[1], to[1])])
    },
    end() {
      const { box } = stage.live
      show(null)
      if (box && box[2] - box[0] >= minBoxPx && box[3] - box[1] >= minBoxPx)
        void stage.session.editing.setBox(box)
    },
    cancel: () => show(null),
  }
}
