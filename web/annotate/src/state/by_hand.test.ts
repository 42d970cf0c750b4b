// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ActionRequest } from '../wire/types'
import type { Session } from './session'
import { asks, begin, inside, isAction, serveVolumes, server, settle, stroke } from './session_fixture'

// What was selected by hand is acted on, what was only made last is shown.

const kinds = () => server.actions().map(({ kind }) => kind)
const lastText = (session: Session) => session.getState().messages.at(-1)?.text

// An approved object of the first label, not selected.
async function drawn(session: Session, x = 10): Promise<number> {
  await stroke(session, 'add', [4, 4], [[x, 10]])
  await session.objects.reject()
  return Math.max(...session.getState().objects.keys())
}

async function accepted(): Promise<Session> {
  const session = await begin()
  await session.editing.addPoint(inside(100, 90))
  await session.objects.accept()
  return session
}

describe('an object that was just accepted', () => {
  it('is shown and not selected: a label that is chosen next is for the next one', async () => {
    const session = await accepted()
    expect(session.getState()).toMatchObject({ made: { object: 1, by: 'accept' }, selected: new Set() })
    await session.objects.chooseLabel(2)
    expect((await server.object(1))?.label).toBe(1)
    expect(session.getState().label).toBe(2)
    expect(kinds()).toEqual(['ask', 'accept'])
  })

  it('is not painted, erased or deleted', async () => {
    const session = await accepted()
    await stroke(session, 'remove', [4, 4], [[100, 90]])
    expect(lastText(session)).toBe('Select the object to erase from first')
    await stroke(session, 'add', [4, 4], [[400, 300]])
    expect(session.getState().objects.size).toBe(2)
    expect(session.getState().made).toEqual({ object: 2, by: 'stroke' })
  })

  it('is not one of those accepted from a selection either', async () => {
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    session.objects.open(1)
    void session.objects.accept()
    expect([...session.getState().selected]).toEqual([])
    await settle()
    await session.objects.chooseLabel(2)
    expect((await server.object(1))?.label).toBe(1)
  })

  it('is refined where that is asked for', async () => {
    const session = await accepted()
    session.objects.setRefining('on')
    expect(session.getState()).toMatchObject({ refining: true, selected: new Set([1]), made: null })
  })
})

describe('the label of what is selected by hand', () => {
  it('is the one that is chosen, with a message from which it is undone', async () => {
    const session = await begin()
    const id = await drawn(session)
    session.objects.select([id], 'only')
    await session.objects.chooseLabel(2)
    expect((await server.object(id))?.label).toBe(2)
    expect(session.getState().messages.at(-1)).toMatchObject({
      text: 'Relabelled 1 object as vessel',
      undo: 'offered',
    })
    await session.editing.undo()
    expect((await server.object(id))?.label).toBe(1)
    expect(session.getState().messages.at(-1)?.undo).toBe('none')
  })

  it('stays while a proposal is open, while it is locked, and where it is the same', async () => {
    const session = await begin()
    const id = await drawn(session)
    session.objects.select([id], 'only')
    await session.objects.chooseLabel(1)
    await session.objects.setLocked([id], 'lock')
    await session.objects.chooseLabel(2)
    expect(lastText(session)).toMatch(/^Locked objects keep their label/)
    await session.editing.addPoint(inside(100, 90))
    expect([...session.getState().selected]).toEqual([])
    await session.objects.chooseLabel(1)
    expect(kinds()).toEqual(['stroke', 'lock', 'ask'])
  })

  it('stays where the object is not in view', async () => {
    await serveVolumes()
    const session = await begin()
    await session.editing.addPoint(inside(100, 90))
    await session.objects.accept()
    session.objects.select([1], 'only')
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    await settle()
    await session.objects.chooseLabel(2)
    expect((await server.object(1))?.label).toBe(1)
    expect(lastText(session)).toMatch(/^The selected objects are not in view/)
  })
})

describe('strokes', () => {
  it('begin another object once another label is active', async () => {
    const session = await begin()
    await stroke(session, 'add', [4, 4], [[10, 10]])
    await stroke(session, 'add', [4, 4], [[20, 10]])
    await session.objects.chooseLabel(2)
    await stroke(session, 'add', [4, 4], [[90, 10]])
    expect([...session.getState().objects.values()].map(({ id, label }) => [id, label])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('go where they were drawn, whatever is selected when they end', async () => {
    const session = await begin()
    const [first, second] = [await drawn(session), await drawn(session, 60)]
    session.objects.select([second], 'only')
    await stroke(session, 'add', [4, 4], [[10, 10]], { on: 'object', object: first })
    expect(server.actions().at(-1)).toMatchObject({ kind: 'stroke', object: first })
    await stroke(session, 'add', [4, 4], [[10, 10]], { on: 'proposal' })
    expect(lastText(session)).toMatch(/^The object it was drawn on has been closed/)
  })
})

describe('Refine', () => {
  it('needs one approved object, and says so', async () => {
    const session = await begin()
    session.objects.setRefining('on')
    expect(session.getState().refining).toBe(false)
    expect(lastText(session)).toBe('Select one approved object to refine first')
    await session.editing.addPoint(inside(100, 90))
    await session.objects.accept()
    await session.editing.addPoint(inside(300, 200))
    await session.objects.accept()
    expect(asks().map(({ target }) => target)).toEqual([null, null])
    expect(session.getState().objects.size).toBe(2)
  })

  it('ends when something else is selected, not when another slice is', async () => {
    await serveVolumes()
    const session = await begin()
    const [first, second] = [await drawn(session), await drawn(session, 60)]
    session.objects.select([first], 'only')
    session.objects.setRefining('on')
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    await settle()
    expect(session.getState().refining).toBe(true)
    session.objects.select([second], 'toggle')
    expect(session.getState().refining).toBe(false)
    session.objects.select([first], 'only')
    session.objects.setRefining('on')
    session.navigator.goTo({ axis: 'axial', slice: 60 })
    await session.objects.remove([first])
    expect(session.getState().refining).toBe(false)
  })
})

describe('what is not in view', () => {
  // Proposals on two slices, the second in view.
  async function spread(): Promise<Session> {
    await serveVolumes()
    const session = await begin()
    for (const slice of [60, 60, 61]) {
      session.navigator.goTo({ axis: 'axial', slice })
      await session.editing.addPoint(inside(100, 90))
      session.objects.select([], 'only')
    }
    await settle()
    return session
  }

  it('is asked for before it is approved', async () => {
    const session = await spread()
    const approving = session.objects.approve([1, 2, 3])
    expect(session.getState().question).toEqual({
      text: 'Approve 3 objects?',
      detail: '1 on this slice, 2 on others.',
      choices: ['The 1 on this slice', 'All 3'],
    })
    session.core.answer(0)
    await approving
    expect(server.actions().at(-1)).toEqual({ kind: 'accept', objects: [3], label: 1 })
    const again = session.objects.approve([1, 2])
    expect(session.getState().plane?.slice).toBe(60)
    expect(lastText(session)).toBe(
      'The first of the 2 proposals is on axial slice 61: Enter again accepts them',
    )
    await again
    expect((await server.object(1))?.state).toBe('proposed')
    await session.objects.approve([1, 2])
    expect((await server.object(1))?.state).toBe('approved')
  })

  it('is asked for before it is deleted, and stays if nothing is chosen', async () => {
    const session = await spread()
    const deleting = session.objects.remove([1, 3])
    expect(session.getState().question?.text).toBe('Delete 2 objects?')
    session.core.answer(null)
    await deleting
    expect(session.getState().question).toBeNull()
    expect(session.getState().objects.size).toBe(3)
    const one = session.objects.remove([1])
    expect(session.getState().question).toMatchObject({
      text: 'Delete Proposal 1?',
      detail: 'It is on axial slice 61, not in view.',
      choices: ['Delete'],
    })
    session.core.answer(0)
    await one
    expect(session.getState().objects.size).toBe(2)
  })

  it('is counted when everything is selected', async () => {
    const session = await spread()
    session.objects.selectAll('proposed')
    expect(lastText(session)).toBe('3 proposals selected, on 2 axial slices: 1 here, 2 not in view')
  })
})

describe('a merge', () => {
  it('of several labels asks which one wins', async () => {
    const session = await begin()
    const [nerve, vessel] = [await drawn(session), await drawn(session, 60)]
    session.objects.select([vessel], 'only')
    await session.objects.chooseLabel(2)
    const merging = session.objects.merge([nerve, vessel])
    expect(session.getState().question?.choices).toEqual(['nerve (1)', 'vessel (1)'])
    session.core.answer(1)
    await merging
    expect(server.actions().at(-1)).toEqual({ kind: 'merge', objects: [vessel, nerve] })
    expect(lastText(session)).toBe(`Merged 2 objects into vessel ${vessel}`)
  })
})

describe('an image that is done', () => {
  it('asks before it changes, and is reopened', async () => {
    const session = await begin()
    const id = await drawn(session)
    await session.setDone(1, 'done')
    const refused = stroke(session, 'add', [4, 4], [[60, 10]])
    expect(session.getState().question?.text).toBe('a.png is marked as done')
    session.core.answer(null)
    await refused
    expect(kinds()).toEqual(['stroke'])
    const removed = session.objects.remove([id])
    session.core.answer(0)
    await removed
    expect(kinds()).toEqual(['stroke', 'delete'])
    expect(session.getState().project?.images[0]?.status).not.toBe('done')
  })

  it('takes prompts, which change nothing but themselves', async () => {
    const session = await begin()
    await session.setDone(1, 'done')
    await session.editing.addPoint(inside(100, 90))
    expect(session.getState().question).toBeNull()
    expect(kinds()).toEqual(['ask'])
  })
})

describe('undo', () => {
  // The server refuses what covers no pixel.
  const beside: [number, number][] = [[-50, -50]]

  it('behind an action that is refused is dropped with it', async () => {
    const session = await begin()
    await drawn(session)
    void stroke(session, 'add', [4, 4], beside)
    void session.editing.undo()
    await settle()
    expect(kinds()).toEqual(['stroke', 'stroke'])
    expect(session.getState().objects.size).toBe(1)
  })

  it('takes back the one before where two are pressed behind two actions', async () => {
    const session = await begin()
    await drawn(session)
    void stroke(session, 'add', [4, 4], [[60, 10]])
    void stroke(session, 'add', [4, 4], beside)
    void session.editing.undo()
    void session.editing.undo()
    await settle()
    expect(kinds()).toEqual(['stroke', 'stroke', 'stroke', 'undo'])
    expect(session.getState().objects.size).toBe(1)
  })

  it('after a refusal says that there is nothing of it, and takes back the one before when pressed again', async () => {
    const session = await begin()
    await drawn(session)
    await stroke(session, 'add', [4, 4], beside)
    await session.editing.undo()
    expect(session.getState().objects.size).toBe(1)
    expect(lastText(session)).toMatch(/^The last change was refused/)
    await session.editing.undo()
    expect(session.getState().objects.size).toBe(0)
  })

  it('is this page’s: each action names it', async () => {
    const session = await begin({ client: 'the-page-itself' })
    await drawn(session)
    const bodies = server.asked.filter(isAction).map(({ body }) => (body as ActionRequest).client)
    expect(bodies).toEqual(['the-page-itself'])
    const paths = server.asked.map(({ path }) => path).filter((path) => path.includes('client='))
    expect(paths.every((path) => path.endsWith('client=the-page-itself'))).toBe(true)
    expect(paths.length).toBeGreaterThan(1)
  })
})
