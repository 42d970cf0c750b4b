// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command'
import { historyCommands } from './history'
import { imageCommands } from './images'
import { objectCommands } from './objects'
import { projectCommands } from './project'
import { promptCommands } from './prompts'
import { shapeCommands } from './shapes'
import { toolCommands } from './tools'
import { trainingCommands } from './training'
import { viewCommands } from './view'

// In the order of the help sheet.
export const commandGroups = {
  Tools: toolCommands,
  Prompts: promptCommands,
  Objects: [...objectCommands, ...shapeCommands, ...historyCommands],
  View: viewCommands,
  Images: imageCommands,
  Project: [...projectCommands, ...trainingCommands],
} as const

export type CommandId = (typeof commandGroups)[keyof typeof commandGroups][number]['id']

export const commands: readonly Command<CommandId>[] = Object.values(commandGroups).flat()

export function commandOf(id: CommandId): Command<CommandId> {
  return commands.find((command) => command.id === id)!
}

const keySigns: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageDown: 'Page ↓',
  PageUp: 'Page ↑',
  Escape: 'Esc',
}

// A key as people read it.
export function keySign(key: string): string {
  return keySigns[key] ?? key
}

// The first key of a command, for texts.
export function keyOf(id: CommandId): string {
  return keySign(commandOf(id).keys[0]!)
}
