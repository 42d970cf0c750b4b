// SPDX-License-Identifier: Apache-2.0

// The picture has the keyboard, but for as long as a text is typed, a list is open or somebody goes from control to control
// by Tab.

export const textFields = 'input:not([type=range], [type=checkbox], [type=radio], [type=color]), textarea'
export const numberFields = 'input[type=number], input[inputmode=decimal]'

export function backToPicture(): void {
  document.querySelector<HTMLElement>('[data-viewer]')?.focus({ preventScroll: true })
}

// Dialogs have the keyboard for themselves.
function isApart(element: Element): boolean {
  return element.closest('dialog, [popover], [role=dialog]') !== null
}

// They go through a list that is closed, each step being a choice.
const stepKeys = new Set([
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'Home',
  'End',
  'PageUp',
  'PageDown',
])
let lastKey: string | null = null // null: the pointer has been used since

function noteInput(event: Event): void {
  lastKey = event instanceof KeyboardEvent ? event.key : null
}

// A choice in a list has been made, a form sent, a button or slider used with the mouse.
function afterUse(event: Event): void {
  const { target } = event
  if (!(target instanceof Element) || isApart(target)) return
  if (event.type === 'change' && (!target.matches('select') || stepKeys.has(lastKey ?? ''))) return
  if (event.type === 'click') {
    const used = target.closest('button, input[type=range]')
    const byMouse = event instanceof MouseEvent && event.detail > 0
    const isLeft = document.activeElement === used || document.activeElement === document.body
    if (!used || !byMouse || !isLeft) return
  }
  backToPicture()
}

// Returns what ends it.
export function keepKeyboard(): () => void {
  const listening = new AbortController()
  const { signal } = listening
  for (const kind of ['keydown', 'pointerdown'])
    window.addEventListener(kind, noteInput, { signal, capture: true })
  for (const kind of ['change', 'submit', 'click']) window.addEventListener(kind, afterUse, { signal })
  return () => listening.abort()
}
