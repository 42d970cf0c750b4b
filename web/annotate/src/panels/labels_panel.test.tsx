// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { act } from 'react'
import { expect, it } from 'vitest'
import { SessionContext } from '../state/react'
import type { Session } from '../state/session'
import { asks, begin, inside, server, settle } from '../state/session_fixture'
import { LabelsPanel } from './labels_panel'
import { PromptBar } from './prompt_bar'
import { usePlace } from './rendered.testing'
import { Ui, UiContext } from './ui'

const place = usePlace()

// The fake model has learned "liver", which is in every picture, and "spleen", which is in none.
async function beginWithOrgans(): Promise<Session> {
  await server.post('/api/labels', { kind: 'edit_label', label: 1, name: 'Liver' })
  await server.post('/api/labels', { kind: 'add_label', name: 'spleen', shortcut: '3' })
  const session = await begin()
  place.render(
    <SessionContext.Provider value={session}>
      <UiContext.Provider value={new Ui(null)}>
        <LabelsPanel />
        <PromptBar />
      </UiContext.Provider>
    </SessionContext.Provider>,
  )
  return session
}

function buttonOf(name: string): HTMLButtonElement | null {
  return document.querySelector(`button[aria-label="Find ${name} here"]`)
}

async function find(name: string): Promise<void> {
  await act(async () => {
    buttonOf(name)!.click()
    await settle()
  })
}

it('a label whose name the model knows can be found, and says how well', async () => {
  await beginWithOrgans()
  expect(buttonOf('Liver')?.title).toContain('IoU 0.89 (95 % interval 0.86 to 0.92) on 143 pictures')
  expect(buttonOf('Liver')?.title).toContain('seen by mistake in 3 % of 60 pictures')
  expect(buttonOf('spleen')?.title).toContain('has not been measured')
  expect(buttonOf('vessel')).toBeNull()
})

it('what is found is the open proposal, which points correct and its label approves', async () => {
  const session = await beginWithOrgans()
  session.labels.activate(2)
  await find('Liver')
  expect(asks()).toMatchObject([{ points: [], box: null, class: 'liver', proposal: null }])
  expect(session.getState()).toMatchObject({ proposal: 1, label: 1, draft: { class: 'liver' } })
  expect(session.getState().masks.get('1')?.width).toBeGreaterThan(0)
  expect(document.querySelector('.prompts')?.textContent).toBe('liver')
  expect(document.querySelector('.absent')).toBeNull()
  await act(() => session.editing.addPoint(inside(250, 200)))
  expect(asks()[1]).toMatchObject({ points: [inside(250, 200)], class: 'liver', proposal: 1 })
  await act(() => session.objects.accept())
  expect(await server.object(1)).toMatchObject({ state: 'approved', label: 1 })
  await act(() => session.editing.undo())
  expect(session.getState().draft).toMatchObject({ class: 'liver' })
  session.history.show('shown')
  await settle()
  const summaries = session.getState().history!.map(({ summary }) => summary)
  expect(summaries.slice(-3, -1)).toEqual([
    'asked with 1 point and the class liver: object 1',
    'asked with the class liver: object 1',
  ])
})

it('says so of what the model does not see, and leaves the decision to the person', async () => {
  const session = await beginWithOrgans()
  await find('spleen')
  expect(session.getState().messages.at(-1)?.text).toContain('Spleen is not in this picture')
  expect(document.querySelector('.absent')?.textContent).toBe('not in this picture?')
  expect(session.getState().proposal).toBe(1)
  await act(() => session.objects.reject())
  expect(session.getState().objects.size).toBe(0)
})
