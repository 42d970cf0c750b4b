// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { draggedWindow, greyRange } from '../grey_window'
import type { ViewerStage } from '../viewer_stage'
import type { PointCss } from '../view_transform'
import { idle, type Gesture, type Tool } from './tool'

export const windowTool: Tool<'window'> = {
  id: 'window',
  title: 'Window',
  key: 'W',
  hint: 'Drag across for the width, up and down for the centre',
  icon: icon(
    <>
      <circle cx="10" cy="10" r="6.5" />
      <path d="M10 3.500a6.5 6.5 0 0 1 0 13z" fill="currentColor" stroke="none" />
    </>,
  ),
  cursor: 'ns-resize',
  press: (stage, { at, button }) => (button === 0 ? windowGesture(stage, at) : null),
}

export function windowGesture(stage: ViewerStage, start: PointCss): Gesture {
  const { navigator } = stage.session
  const { window: before, opened } = stage.session.getState()
  if (!before || !opened || opened.photometric === 'rgb') return idle
  const from = greyRange(before, opened.range)
  let now = before
  return {
    move(at) {
      const [x, y] = at.at(-1)!
      now = draggedWindow(from, opened.range, x - start[0], y - start[1])
      navigator.setWindow(now, 'dragging')
    },
    end() {
      if (now !== before) navigator.setWindow(now, 'final')
    },
    cancel: () => navigator.setWindow(before, 'final'),
  }
}
