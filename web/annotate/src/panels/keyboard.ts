// SPDX-License-Identifier: Apache-2.0
import { commands } from '../commands'
import type { Command, CommandContext } from '../commands/command'
import { backToPicture, numberFields, textFields } from './focus'

export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}

// The key as the commands write it: "P", "Ctrl+Shift+Z", "?".
export function keyName({ key, ctrlKey, metaKey, shiftKey, altKey }: Pressed): string {
  const character = key.length === 1
  const letter = character && key.toLowerCase() !== key.toUpperCase()
  const name = character ? key.toUpperCase() : key
  const modifiers = [
    ctrlKey || metaKey ? 'Ctrl+' : '',
    altKey ? 'Alt+' : '',
    // Shift is part of what a sign is ("?"), not of its name.
    shiftKey && (letter || !character) ? 'Shift+' : '',
  ]
  return modifiers.join('') + name
}

const byKey: ReadonlyMap<string, Command> = new Map(
  commands.flatMap((command) => command.keys.map((key) => [key, command] as const)),
)

export function commandFor(key: string): Command | undefined {
  return byKey.get(key)
}

function isSign(key: string): boolean {
  return key.length === 1 && key !== ' '
}

// Keys that a control under the focus has for itself: signs are none of a list's, and of a number only what it is written in.
function isTaken(target: Element, key: string): boolean {
  const always = ['Escape', 'Ctrl+S', 'Ctrl+E', 'F1'].includes(key)
  if (target.matches('select')) return !always && !isSign(key)
  if (target.matches(numberFields)) return !always && (!isSign(key) || /[0-9.,+\-E]/.test(key))
  if (target.matches(textFields)) return !always
  if (target.matches('input[type=range]')) return /^(Arrow|Page|Home|End)/.test(key)
  return key === 'Enter' && target.matches('button, a, summary, [role=option], [role=row]')
}

// Handles `event` if it means anything here.
export function handleKey(event: KeyboardEvent, context: CommandContext): void {
  if (event.defaultPrevented || event.isComposing) return
  // Its focus may be lost to the body, as when the button that has it is disabled.
  if (document.querySelector('dialog[open]')) return
  const target = event.target instanceof Element ? event.target : document.body
  const key = keyName(event)
  if (target.closest('[popover]') || isTaken(target, key)) return
  if (key === 'Escape' && target.matches('input, select')) return backToPicture()
  if (isSign(key) && target.matches(`select, ${numberFields}`)) {
    event.preventDefault()
    backToPicture()
  }
  const state = context.session.getState()
  const command = commandFor(key)
  if (command) {
    if (command.where === 'viewer' && !target.closest('[data-viewer]')) return
    const missing = command.missing?.(state) ?? null
    if (missing !== null) {
      if (missing === '' || !state.opened) return
      event.preventDefault()
      context.session.core.notify('info', missing)
      return
    }
    event.preventDefault()
    command.run(context)
    return
  }
  const label = state.project?.labels.find(({ shortcut }) => shortcut && shortcut.toUpperCase() === key)
  if (!label) return
  event.preventDefault()
  void context.session.objects.chooseLabel(label.id)
}
