// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepKeyboard } from './focus'

let end = () => {}
beforeEach(() => {
  document.body.innerHTML = `
    <section data-viewer tabindex="0"></section>
    <select id="list"><option>a</option></select>
    <form id="form"><input id="text" type="text"></form>
    <button id="button"></button>
    <div role="dialog"><select id="apart"><option>a</option></select></div>`
  end = keepKeyboard()
})
afterEach(() => end())

const byId = (id: string) => document.getElementById(id)!
function hasPicture(id: string, event: Event): boolean {
  byId(id).focus()
  byId(id).dispatchEvent(event)
  return document.activeElement!.matches('[data-viewer]')
}
const bubbling = { bubbles: true }

it('The picture has the keyboard after a choice in a list, a form that was sent and a click on a button', () => {
  expect(hasPicture('list', new Event('change', bubbling))).toBe(true)
  expect(hasPicture('form', new Event('submit', bubbling))).toBe(true)
  expect(hasPicture('button', new MouseEvent('click', { ...bubbling, detail: 1 }))).toBe(true)
})

it('A list that is gone through by arrow keys keeps it, until the mouse chooses', () => {
  byId('list').dispatchEvent(new KeyboardEvent('keydown', { ...bubbling, key: 'ArrowDown' }))
  expect(hasPicture('list', new Event('change', bubbling))).toBe(false)
  byId('list').dispatchEvent(new Event('pointerdown', bubbling))
  expect(hasPicture('list', new Event('change', bubbling))).toBe(true)
})

it('What is used by the keyboard or lies in a dialog keeps it, and so does a text', () => {
  expect(hasPicture('button', new MouseEvent('click', { ...bubbling, detail: 0 }))).toBe(false)
  expect(hasPicture('apart', new Event('change', bubbling))).toBe(false)
  expect(hasPicture('text', new Event('change', bubbling))).toBe(false)
  expect(hasPicture('text', new MouseEvent('click', { ...bubbling, detail: 1 }))).toBe(false)
})
