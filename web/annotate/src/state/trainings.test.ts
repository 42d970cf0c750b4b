// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { TrainingList } from '../wire/types'
import { begin, inside, passUntil, passUntilDone, server, settle } from './session_fixture'
import type { Session } from './session'

// Two approved objects on each of the three images.
async function approveEnough(): Promise<void> {
  for (const image of [1, 2, 3]) {
    await server.get(`/api/images/${image}`)
    for (const x of [100, 300])
      await server.act(
        {
          ...{ kind: 'stroke', plane: { axis: 'axial', slice: 0 }, object: null, label: 1, paint: 'add' },
          ...{ radii: [20, 20], points: [[x, 200]] },
        },
        image,
      )
  }
}

const trained = { steps: 5 }

async function trainedSession(): Promise<Session> {
  await approveEnough()
  const session = await begin()
  await passUntilDone(session.trainings.start(trained))
  return session
}

describe('training', () => {
  it('says why it cannot begin', async () => {
    const session = await begin()
    await session.trainings.read()
    expect(session.getState().trainings?.missing).toContain('at least 6 objects in 3 images')
    await passUntilDone(session.trainings.start(trained))
    expect(session.getState().training).toBeNull()
    expect(session.getState().messages.at(-1)?.text).toContain('Approved so far: 0 objects')
  })

  it('goes on while other work is done, and a page that is opened meanwhile takes it up', async () => {
    await approveEnough()
    await server.post('/fake/training', { goes: 'holds' })
    const session = await begin()
    const training = session.trainings.start(trained)
    await passUntil(() => session.getState().training?.total === 2)
    await passUntil(() => session.getState().trainings?.trainings[0]?.state === 'running')
    await session.editing.addPoint(inside(500, 100))
    await settle()
    expect(session.getState().proposal).not.toBeNull()
    const other = await begin()
    await passUntil(() => other.getState().training !== null)
    await server.post('/fake/training', { goes: 'on' })
    await passUntilDone(training)
    await passUntil(() => other.getState().training?.state === 'done')
    expect(session.getState().training?.result).toEqual({ training: 1 })
    expect(session.getState().trainings?.trainings[0]?.test).toHaveLength(1)
  })

  it('is stopped, and gone on with', async () => {
    await approveEnough()
    await server.post('/fake/training', { goes: 'holds' })
    const session = await begin()
    const training = session.trainings.start(trained)
    await passUntil(() => session.getState().training?.total === 2)
    await session.trainings.stop()
    await passUntilDone(training)
    expect(session.getState().training?.state).toBe('cancelled')
    expect(session.getState().trainings?.trainings[0]?.state).toBe('stopped')
    await server.post('/fake/training', { goes: 'on' })
    await passUntilDone(session.trainings.start({ go_on: 1 }))
    expect(session.getState().trainings?.trainings[0]?.state).toBe('done')
  })

  it('gives weights that answer beside the old ones, and in their place once they are chosen', async () => {
    const session = await trainedSession()
    session.trainings.compare(1)
    await session.editing.addPoint(inside(320, 240))
    await passUntil(() => session.getState().comparing?.masks != null)
    const { comparing } = session.getState()
    const { old, new: after } = comparing!.masks!
    expect(after.width).toBeGreaterThan(old.width)
    expect(['both', 'old', 'new', 'both'].map(() => {
      const { shown } = session.getState().comparing!
      session.trainings.showNext()
      return shown
    })).toEqual(['both', 'old', 'new', 'both']) // prettier-ignore
    session.editing.close()
    await settle()
    expect(session.getState().comparing?.masks).toBeNull()

    await session.trainings.choose(1)
    await settle()
    expect(session.getState().project?.model).toMatchObject({ name: 'training 1', training: 1 })
    session.trainings.compare(null)
    await session.editing.addPoint(inside(320, 240))
    await settle()
    const proposal = session.getState().objects.get(session.getState().proposal!)!
    const shown = session.getState().masks.get(`${proposal.id}`)!
    expect(shown.width).toBe(after.width)
  })

  it('is chosen again after a restart, and other pages learn of it', async () => {
    const session = await trainedSession()
    const other = await begin({ client: 'another-page' })
    await session.trainings.choose(1)
    await passUntil(() => other.getState().project?.model.training === 1)
    await server.restart()
    expect((await server.get<TrainingList>('/api/training')).trainings[0]?.state).toBe('done')
    await passUntil(() => session.getState().project?.model.training === 1)
    await session.trainings.choose(null)
    expect(session.getState().project?.model.name).toBe('fake')
  })
})
