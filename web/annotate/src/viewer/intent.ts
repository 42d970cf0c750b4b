// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '../state/session_state'
import type { Paint } from '../state/painting'

// What the press of a button means.
export type Intent =
  | { do: 'pan' | 'window' | 'box' }
  | { do: 'point'; label: 0 | 1 }
  | { do: 'pick'; how: 'only' | 'toggle' }
  | { do: 'stroke' | 'lasso'; paint: Paint }

export interface Press {
  button: number // 0 left or the tip of a pen, 1 middle, 2 right or the button of a pen, 5 the other end of a pen
  shiftKey: boolean
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

// `space`: the space bar is held down. Null: nothing.
export function intentOf(press: Press, tool: Tool, space: boolean): Intent | null {
  const { button } = press
  if (button === 1 || (space && button === 0)) return { do: 'pan' }
  if (button === 2 && press.shiftKey) return { do: 'window' }
  if (![0, 2, 5].includes(button)) return null
  const otherWay = button !== 0 || press.altKey || press.ctrlKey || press.metaKey
  return toolIntent(tool, press, otherWay)
}

function toolIntent(
  tool: Tool,
  { button, shiftKey, ctrlKey, metaKey }: Press,
  otherWay: boolean,
): Intent | null {
  switch (tool) {
    case 'select':
      return button === 0 ? { do: 'pick', how: shiftKey || ctrlKey || metaKey ? 'toggle' : 'only' } : null
    case 'point':
    case 'background':
      if (shiftKey && !otherWay) return { do: 'pick', how: 'only' }
      return { do: 'point', label: otherWay || tool === 'background' ? 0 : 1 }
    case 'box':
      return otherWay ? { do: 'point', label: 0 } : { do: 'box' }
    case 'brush':
    case 'eraser':
      return { do: 'stroke', paint: otherWay || tool === 'eraser' ? 'remove' : 'add' }
    case 'lasso':
      return { do: 'lasso', paint: otherWay ? 'remove' : 'add' }
    case 'pan':
    case 'window':
      return button === 0 ? { do: tool } : null
  }
}

// Whether the object under the cursor is shown.
export function hovers(tool: Tool): boolean {
  return ['select', 'point', 'background', 'pan'].includes(tool)
}
