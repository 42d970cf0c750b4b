// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { beginsOnIt, drawRing, strokeGesture } from './stroke'
import type { Tool } from './tool'

export const eraser: Tool<'eraser'> = {
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
  cursor: 'none',
  sized: true,
  paints: { paint: 'remove', goesToIt: beginsOnIt },
  press: (stage, { at }) => strokeGesture(stage, at, 'remove'),
  hover: (stage, at, pen) => drawRing(stage, at, pen, 'remove'),
}
