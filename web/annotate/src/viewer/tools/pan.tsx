// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import type { ViewerStage } from '../viewer_stage'
import { panned, type PointCss } from '../view_transform'
import { pick } from './clicks'
import type { Gesture, Tool } from './tool'

const clickCss = 4 // a press that moves less is a click

export const pan: Tool<'pan'> = {
  id: 'pan',
  title: 'Pan',
  key: 'H',
  hint: 'Drag the picture',
  icon: icon(
    <path d="M10 2.800v14.400M2.8 10h14.400M10 2.800L8 4.800M10 2.800l2 2M10 17.200l-2-2M10 17.200l2-2M2.8 10l2-2M2.8 10l2 2M17.2 10l-2-2M17.2 10l-2 2" />,
  ),
  cursor: 'grab',
  hovers: true,
  press: (stage, { at, button }) => (button === 0 ? panOrPick(stage, at) : null),
}

export function panGesture(stage: ViewerStage, start: PointCss): Gesture {
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

function panOrPick(stage: ViewerStage, start: PointCss): Gesture {
  const panning = panGesture(stage, start)
  let isClick = true
  return {
    ...panning,
    move(at) {
      const [x, y] = at.at(-1)!
      isClick &&= Math.hypot(x - start[0], y - start[1]) < clickCss
      if (!isClick) panning.move(at)
    },
    end() {
      if (isClick) pick(stage, start, 'only')
    },
  }
}
