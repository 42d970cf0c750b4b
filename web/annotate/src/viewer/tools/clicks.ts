// SPDX-License-Identifier: Apache-2.0
import type { ViewerStage } from '../viewer_stage'
import { isInside, type PointCss } from '../view_transform'
import { rounded } from './tool'

// What a click does for more than one tool.

export function addPoint(stage: ViewerStage, at: PointCss, label: 0 | 1): void {
  const point = stage.pixel(at)
  if (!isInside(point, stage.picture())) return
  const [x, y] = rounded(point)
  void stage.session.editing.addPoint({ x, y, label })
}

export function pick(stage: ViewerStage, at: PointCss, how: 'only' | 'toggle'): void {
  stage.session.objects.pick(stage.objectAt(stage.pixel(at)), how)
}
