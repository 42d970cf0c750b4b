// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { tools } from '../viewer/tools'
import { commands } from '../commands'
import { begin, server, stroke } from '../state/session_fixture'
import { commandFor, handleKey, keyName } from './keyboard'
import { shortcutFault } from './labels_panel'
import { Ui } from './ui'

const plain = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false }

describe('keys', () => {
  it('mean one thing each', () => {
    const keys = commands.flatMap(({ keys: its }) => its)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('are not digits, which belong to labels', () => {
    expect(commands.flatMap(({ keys }) => keys).filter((key) => /^\d$/.test(key))).toEqual([])
  })

  it('reach every tool', () => {
    for (const { title, key } of tools) expect(commandFor(key)?.title).toBe(title)
  })

  it('are read whatever the case and with the modifiers in one order', () => {
    expect(keyName({ ...plain, key: 'p' })).toBe('P')
    expect(keyName({ ...plain, key: 'Z', ctrlKey: true, shiftKey: true })).toBe('Ctrl+Shift+Z')
    expect(keyName({ ...plain, key: 'z', metaKey: true })).toBe('Ctrl+Z')
    expect(keyName({ ...plain, key: 'Tab', shiftKey: true })).toBe('Shift+Tab')
    expect(keyName({ ...plain, key: '?', shiftKey: true })).toBe('?')
  })
})

function pressed(name: string): KeyboardEvent {
  const [key, ...modifiers] = name.split('+').reverse()
  const event = new KeyboardEvent('keydown', {
    key: key!,
    ctrlKey: modifiers.includes('Ctrl'),
    shiftKey: modifiers.includes('Shift'),
    cancelable: true,
  })
  document.body.dispatchEvent(event)
  return event
}

describe('a key for the selection', () => {
  it('says what to select while nothing is', async () => {
    const session = await begin()
    const ui = new Ui(null)
    const listen = (event: KeyboardEvent) => handleKey(event, { session, ui })
    document.body.addEventListener('keydown', listen)
    for (const key of ['Enter', 'C', 'M', 'Delete', 'Backspace', 'K', 'F', 'J', 'F2', 'Ctrl+Z', 'Ctrl+Y']) {
      for (const { id } of session.getState().messages) session.core.dismiss(id)
      const { defaultPrevented } = pressed(key)
      expect([key, defaultPrevented, session.getState().messages.length]).toEqual([key, true, 1])
    }
    document.body.removeEventListener('keydown', listen)
    expect(server.actions()).toEqual([])
  })
})

describe('a letter in a control', () => {
  async function at(html: string) {
    const session = await begin()
    const place = document.body.appendChild(document.createElement('div'))
    place.innerHTML = `<section data-viewer tabindex="0"></section>${html}`
    const control = place.lastElementChild as HTMLElement
    const listen = (event: KeyboardEvent) => handleKey(event, { session, ui: new Ui(null) })
    document.body.addEventListener('keydown', listen)
    const press = (key: string) => {
      control.focus()
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      control.dispatchEvent(event)
      return { taken: event.defaultPrevented, left: document.activeElement !== control }
    }
    const end = () => {
      document.body.removeEventListener('keydown', listen)
      place.remove()
    }
    return { session, press, end }
  }

  it('never chooses in a list: it is a command, or nothing', async () => {
    const { session, press, end } = await at('<select><option>Brain</option></select>')
    expect(press('b')).toEqual({ taken: true, left: true })
    expect(session.getState().tool).toBe('box')
    expect(press('q')).toEqual({ taken: true, left: true })
    for (const key of ['ArrowDown', 'Enter', ' ', 'Tab']) expect(press(key).taken).toBe(false)
    expect(press('Escape').left).toBe(true)
    end()
  })

  it('is none of a number', async () => {
    const { session, press, end } = await at('<input type="text" inputmode="decimal">')
    for (const key of ['3', '-', '.', 'e', 'Enter', 'ArrowLeft', 'Backspace'])
      expect([key, press(key).taken]).toEqual([key, false])
    expect(press('r')).toEqual({ taken: true, left: true })
    expect(session.getState().tool).toBe('brush')
    end()
  })

  it('is one of a text', async () => {
    const { session, press, end } = await at('<input type="text">')
    expect(press('r')).toEqual({ taken: false, left: false })
    expect(session.getState().tool).toBe('point')
    expect(press('Escape').left).toBe(true)
    end()
  })
})

describe('a key over an open dialog', () => {
  it('does nothing to the page, wherever the focus is', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    const before = session.getState()
    server.asked.length = 0
    const dialog = document.body.appendChild(document.createElement('dialog'))
    dialog.open = true
    const listen = (event: KeyboardEvent) => handleKey(event, { session, ui: new Ui(null) })
    document.body.addEventListener('keydown', listen)
    for (const key of ['Delete', 'D', 'Escape', 'Ctrl+Z', '1'])
      expect(pressed(key).defaultPrevented).toBe(false)
    expect(server.asked).toEqual([])
    expect(session.getState()).toBe(before)
    dialog.remove()
    expect(pressed('Delete').defaultPrevented).toBe(true)
    document.body.removeEventListener('keydown', listen)
  })
})

describe('the shortcut of a label', () => {
  const labels = [{ id: 1, name: 'liver', colour: '#e69f00', shortcut: '1', value: 1, objects: 0 }]

  it('may not be the key of a command or of another label', () => {
    expect(shortcutFault('p', null, labels)).toBe('P is taken: Point inside')
    expect(shortcutFault('1', null, labels)).toBe('1 is the shortcut of liver')
  })

  it('may be its own, another one, or none', () => {
    expect(shortcutFault('1', labels[0]!, labels)).toBeNull()
    expect(shortcutFault('2', null, labels)).toBeNull()
    expect(shortcutFault('', null, labels)).toBeNull()
  })
})
