// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { act } from 'react'
import { expect, it, vi } from 'vitest'
import type { Message } from '../state/session_state'
import { SessionContext } from '../state/react'
import { begin } from '../state/session_fixture'
import { Messages } from './messages'
import { usePlace } from './rendered.testing'

const place = usePlace()

async function show(tone: Message['tone']): Promise<HTMLElement> {
  const session = await begin()
  place.render(
    <SessionContext.Provider value={session}>
      <Messages />
    </SessionContext.Provider>,
  )
  act(() => session.core.notify(tone, 'Something'))
  return place.element().querySelector<HTMLElement>('.message')!
}

const later = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))
const isShown = () => place.element().querySelector('.message') !== null

it('A message of an error goes by itself', async () => {
  await show('error')
  await later(7900)
  expect(isShown()).toBe(true)
  await later(200)
  expect(isShown()).toBe(false)
})

it('A message stays while it is pointed at or has the focus, and goes after that', async () => {
  const message = await show('error')
  act(() => void message.dispatchEvent(new PointerEvent('pointerover', { bubbles: true })))
  await later(60_000)
  expect(isShown()).toBe(true)
  act(() => message.querySelector('button')!.focus())
  act(() => void message.dispatchEvent(new PointerEvent('pointerout', { bubbles: true })))
  await later(60_000)
  expect(isShown()).toBe(true)
  act(() => message.querySelector('button')!.blur())
  await later(8100)
  expect(isShown()).toBe(false)
})

it('A message of something lost stays until it is dismissed', async () => {
  const message = await show('critical')
  await later(600_000)
  expect(isShown()).toBe(true)
  act(() => message.querySelector('button')!.click())
  expect(isShown()).toBe(false)
})
