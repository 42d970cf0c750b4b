// SPDX-License-Identifier: Apache-2.0
import { box } from './box'
import { lasso } from './lasso'
import { pan } from './pan'
import { background, point } from './points'
import { select } from './select'
import { brush, eraser } from './strokes'
import type { Tool } from './tool'
import { windowTool } from './window'

// In the order of the rail.
export const toolGroups = [
  [select],
  [point, background, box],
  [brush, eraser, lasso],
  [pan, windowTool],
] as const

export type ToolId = (typeof toolGroups)[number][number]['id']

export const tools: readonly Tool<ToolId>[] = toolGroups.flat()

export function toolOf(id: ToolId): Tool<ToolId> {
  return tools.find((tool) => tool.id === id)!
}
