// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { act } from 'react'
import { expect, it } from 'vitest'
import { commands, keySign, type CommandId } from '../commands'
import { SessionContext } from '../state/react'
import { begin, stroke } from '../state/session_fixture'
import { CommandButton } from './command_button'
import { usePlace } from './rendered.testing'
import { Ui, UiContext } from './ui'

const place = usePlace()

async function show(ids: readonly CommandId[]) {
  const session = await begin()
  place.render(
    <SessionContext.Provider value={session}>
      <UiContext.Provider value={new Ui(null)}>
        {ids.map((id) => (
          <CommandButton key={id} id={id} />
        ))}
      </UiContext.Provider>
    </SessionContext.Provider>,
  )
  return { session, buttons: [...place.element().querySelectorAll('button')] }
}

it('The button of a command names the first of its keys', async () => {
  const shown = commands.filter(({ icon }) => icon)
  const { buttons } = await show(shown.map(({ id }) => id))
  expect(buttons.length).toBeGreaterThan(15)
  for (const [i, { keys }] of shown.entries()) {
    const name = buttons[i]!.getAttribute('aria-label')
    expect(buttons[i]!.title).toBe(keys[0] ? `${name} (${keySign(keys[0])})` : name)
  }
})

it('The button of a command does it, shows its state, and is off while something is missing', async () => {
  const { session, buttons } = await show(['outlines_only', 'lock'])
  const [outlines, lock] = buttons as [HTMLButtonElement, HTMLButtonElement]
  act(() => outlines.click())
  expect(session.getState().outlineOnly).toBe(true)
  expect(outlines.getAttribute('aria-pressed')).toBe('true')
  expect(lock.disabled).toBe(true)
  await act(() => stroke(session, 'add', [4, 4], [[10, 10]]))
  act(() => session.objects.select([1], 'only'))
  expect([lock.disabled, lock.getAttribute('aria-label')]).toEqual([false, 'Lock'])
  await act(() => session.objects.setLocked([1], 'lock'))
  expect(lock.getAttribute('aria-label')).toBe('Unlock')
})
