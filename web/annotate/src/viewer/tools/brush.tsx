// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { beginsOnIt, drawRing, strokeGesture } from './stroke'
import type { Tool } from './tool'

export const brush: Tool<'brush'> = {
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
  cursor: 'none',
  sized: true,
  paints: { paint: 'add', goesToIt: beginsOnIt },
  press: (stage, { at, otherWay }) => strokeGesture(stage, at, otherWay ? 'remove' : 'add'),
  hover: (stage, at, pen) => drawRing(stage, at, pen, 'add'),
}
