// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { act } from 'react'
import { expect, it } from 'vitest'
import { SessionContext } from '../state/react'
import { begin, inside, server, settle } from '../state/session_fixture'
import { ObjectsPanel } from './objects_panel'
import { Ui, UiContext } from './ui'
import { usePlace } from './rendered.testing'

const place = usePlace()

it('Enter on a proposal in the list selects it, and approves it once it is selected', async () => {
  const session = await begin()
  await session.editing.addPoint(inside(100, 90))
  place.render(
    <SessionContext.Provider value={session}>
      <UiContext.Provider value={new Ui(null)}>
        <ObjectsPanel />
      </UiContext.Provider>
    </SessionContext.Provider>,
  )
  const enter = () =>
    act(async () => {
      const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
      place.element().querySelector('[role=option]')!.dispatchEvent(event)
      await settle()
    })
  await enter()
  expect([...session.getState().selected]).toEqual([1])
  expect((await server.object(1))?.state).toBe('proposed')
  await enter()
  expect((await server.object(1))?.state).toBe('approved')
})
