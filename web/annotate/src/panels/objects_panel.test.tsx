// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SessionContext } from '../state/react'
import { begin, inside, server } from '../state/session_fixture'
import { ObjectsPanel } from './objects_panel'
import { Ui, UiContext } from './ui'

let root: Root
let place: HTMLElement

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  place = document.body.appendChild(document.createElement('div'))
  root = createRoot(place)
})

afterEach(() => {
  act(() => root.unmount())
  place.remove()
  vi.unstubAllGlobals()
})

it('Enter on a proposal in the list selects it, and approves it once it is selected', async () => {
  const session = await begin()
  await session.actions.addPoint(inside(100, 90))
  act(() =>
    root.render(
      <SessionContext.Provider value={session}>
        <UiContext.Provider value={new Ui(null)}>
          <ObjectsPanel />
        </UiContext.Provider>
      </SessionContext.Provider>,
    ),
  )
  const enter = () =>
    act(async () => {
      const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
      place.querySelector('[role=option]')!.dispatchEvent(event)
      await vi.advanceTimersByTimeAsync(0)
    })
  await enter()
  expect([...session.getState().selected]).toEqual([1])
  expect(server.object(1)?.state).toBe('proposed')
  await enter()
  expect(server.object(1)?.state).toBe('approved')
})
