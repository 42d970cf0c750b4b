// SPDX-License-Identifier: Apache-2.0
import { icon } from '../../icons'
import { addPoint, pick } from './clicks'
import type { AboutTool, Tool } from './tool'

function pointTool<Id extends string>(label: 0 | 1, about: AboutTool<Id>): Tool<Id> {
  return {
    ...about,
    cursor: 'crosshair',
    hovers: true,
    prompts: true,
    press(stage, { at, shift, otherWay }) {
      if (shift && !otherWay) pick(stage, at, 'only')
      else addPoint(stage, at, otherWay ? 0 : label)
      return null
    },
  }
}

export const point = pointTool(1, {
  id: 'point',
  title: 'Point inside',
  key: 'P',
  hint: 'Click inside the object',
  icon: icon(
    <>
      <circle cx="10" cy="10" r="6.5" />
      <path d="M10 7.2v5.6M7.2 10h5.6" />
    </>,
  ),
})

export const background = pointTool(0, {
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
})
