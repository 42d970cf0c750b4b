// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { intentOf, type Press } from './intent'

function press(button: number, ...keys: ('shift' | 'alt' | 'ctrl' | 'meta')[]): Press {
  const held = (key: (typeof keys)[number]) => keys.includes(key)
  return {
    button,
    shiftKey: held('shift'),
    altKey: held('alt'),
    ctrlKey: held('ctrl'),
    metaKey: held('meta'),
  }
}

describe('A press of a button', () => {
  it('asks with a point inside, or outside with the right button, Alt or Ctrl', () => {
    expect(intentOf(press(0), 'point', false)).toEqual({ do: 'point', label: 1 })
    for (const other of [press(2), press(0, 'alt'), press(0, 'ctrl'), press(0, 'meta')])
      expect(intentOf(other, 'point', false)).toEqual({ do: 'point', label: 0 })
    expect(intentOf(press(0), 'background', false)).toEqual({ do: 'point', label: 0 })
  })

  it('pans with the middle button or the space bar, whatever the tool', () => {
    expect(intentOf(press(1), 'brush', false)).toEqual({ do: 'pan' })
    expect(intentOf(press(0), 'point', true)).toEqual({ do: 'pan' })
  })

  it('changes the window with Shift and the right button, whatever the tool', () => {
    expect(intentOf(press(2, 'shift'), 'brush', false)).toEqual({ do: 'window' })
  })

  it('paints, and takes away with the right button or the other end of a pen', () => {
    expect(intentOf(press(0), 'brush', false)).toEqual({ do: 'stroke', paint: 'add' })
    expect(intentOf(press(2), 'brush', false)).toEqual({ do: 'stroke', paint: 'remove' })
    expect(intentOf(press(5), 'brush', false)).toEqual({ do: 'stroke', paint: 'remove' })
    expect(intentOf(press(0), 'eraser', false)).toEqual({ do: 'stroke', paint: 'remove' })
    expect(intentOf(press(0, 'alt'), 'lasso', false)).toEqual({ do: 'lasso', paint: 'remove' })
  })

  it('picks with the select tool, and with Shift while asking', () => {
    expect(intentOf(press(0), 'select', false)).toEqual({ do: 'pick', how: 'only' })
    expect(intentOf(press(0, 'ctrl'), 'select', false)).toEqual({ do: 'pick', how: 'toggle' })
    expect(intentOf(press(0, 'shift'), 'point', false)).toEqual({ do: 'pick', how: 'only' })
  })

  it('means nothing for buttons that no tool knows', () => {
    expect(intentOf(press(3), 'point', false)).toBeNull()
    expect(intentOf(press(2), 'select', false)).toBeNull()
  })
})
