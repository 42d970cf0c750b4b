// SPDX-License-Identifier: Apache-2.0
import { tools, type ToolId } from '../viewer/tools'
import type { Command, CommandContext } from './command'

function scaleBrush({ session }: CommandContext, factor: number): void {
  const { brushRadius } = session.getState()
  const scaled = factor > 1 ? Math.max(brushRadius * factor, brushRadius + 0.5) : brushRadius * factor
  session.display.setBrushRadius(Math.round(scaled * 2) / 2)
}

const choices = tools.map(
  ({ id, title, key }): Command<ToolId> => ({
    id,
    title,
    keys: [key],
    run: ({ session }) => session.display.setTool(id),
  }),
)

const sizes = [
  { id: 'smaller_brush', title: 'Smaller brush', keys: ['['], run: (context) => scaleBrush(context, 0.8) },
  { id: 'larger_brush', title: 'Larger brush', keys: [']'], run: (context) => scaleBrush(context, 1.25) },
] as const satisfies readonly Command[]

export const toolCommands = [...choices, ...sizes] as const
