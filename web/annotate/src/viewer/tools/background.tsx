// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { addPoint, pick } from './clicks'
import type { Tool } from './tool'

export const background: Tool<'background'> = {
  id: 'background',
  title: 'Point outside',
  key: 'N',
  hint: 'Click outside the object',
  icon: icon(
    <>
      <circle cx="10" cy="10" r="6.5" />
      <path d="M7.2 10h5.6" />
    </>,
  ),
  cursor: 'crosshair',
  hovers: true,
  prompts: true,
  press(stage, { at, shift, otherWay }) {
    if (shift && !otherWay) pick(stage, at, 'only')
    else addPoint(stage, at, 0)
    return null
  },
}
