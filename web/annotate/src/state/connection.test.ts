// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Session } from './session'
import { begin, pass, passUntil, server, settle, stroke } from './session_fixture'

function loseConnection(): void {
  server.before = () => Promise.reject(new TypeError('Failed to fetch'))
}

function findConnection(): void {
  server.before = () => Promise.resolve()
}

function saved(session: Session): string[] {
  const { connection, save } = session.getState()
  return [connection, save.state, save.message]
}

describe('a server that is gone', () => {
  it('is noticed within a second, though nothing is done', async () => {
    const session = await begin()
    expect(saved(session)).toEqual(['there', 'saved', ''])
    loseConnection()
    await pass(1000)
    expect(saved(session)).toEqual(['lost', 'offline', 'Connection lost: trying again'])
  })

  it('is noticed at once by what is asked of it', async () => {
    const session = await begin()
    loseConnection()
    session.navigator.goTo({ axis: 'axial', slice: 0 })
    void session.openImage(2)
    await settle()
    expect(session.getState().connection).toBe('lost')
    expect(session.getState().fault).toBeNull()
  })

  it('is told of with what waits for it, and what waits arrives when it is back', async () => {
    const session = await begin()
    loseConnection()
    void stroke(session, 'add', [4, 4], [[10, 10]])
    await settle()
    expect(saved(session)).toEqual(['lost', 'offline', 'Connection lost: 1 change kept, trying again'])
    void stroke(session, 'add', [4, 4], [[30, 10]])
    await settle()
    expect(saved(session)[2]).toBe('Connection lost: 2 changes kept, trying again')
    findConnection()
    await pass(1000)
    expect(saved(session)).toEqual(['there', 'saved', ''])
    expect(session.getState().objects.get(1)?.area).toBe(98)
  })

  it('that answers again is shown the picture in view and asked for the project again', async () => {
    const session = await begin()
    expect(session.getState().embedding).toBe('ready')
    loseConnection()
    await pass(3000)
    findConnection()
    server.asked.length = 0
    await server.restart()
    await server.allow({ encodings: 0 })
    await server.post('/api/labels', { kind: 'edit_label', label: 2, name: 'artery' })
    await pass(1000)
    expect(server.asked.map(({ path }) => path)).toContain('/api/images/1/focus')
    await passUntil(() => session.getState().embedding === 'encoding')
    expect(session.getState().project?.labels[1]?.name).toBe('artery')
  })

  it('opens the image that it was asked for meanwhile', async () => {
    const session = await begin()
    loseConnection()
    void session.openImage(2)
    await pass(2500)
    expect(session.getState()).toMatchObject({ opened: null, fault: null, opening: false })
    findConnection()
    await pass(1000)
    expect(session.getState().opened?.image.id).toBe(2)
  })

  it('refuses in words what cannot wait', async () => {
    const session = await begin()
    loseConnection()
    await session.labels.add({ name: 'nerve' })
    expect(session.getState().messages.map(({ tone, text }) => [tone, text])).toEqual([
      ['error', 'Not saved: the server does not respond'],
    ])
  })

  it('is waited for by a page that is opened meanwhile', async () => {
    loseConnection()
    const beginning = begin()
    await pass(3000)
    findConnection()
    await pass(1000)
    const session = await beginning
    expect(session.getState().opened?.image.id).toBe(1)
    expect(saved(session)).toEqual(['there', 'saved', ''])
  })
})

describe('a server with another token', () => {
  it('is told of in words, with what waits', async () => {
    const session = await begin()
    server.knowsPage = false
    await pass(1000)
    expect(saved(session)).toEqual(['lockedOut', 'offline', "This page's key is no longer valid"])
    void stroke(session, 'add', [4, 4], [[10, 10]])
    await settle()
    expect(saved(session)[2]).toBe("This page's key is no longer valid: 1 change kept")
    loseConnection()
    await pass(1000)
    expect(session.getState().connection).toBe('lost')
  })
})

describe('a job that its server took with it', () => {
  const settings = { points_per_side: 8, pred_iou: 0.9, stability: 0.9, min_region: 0 }

  it('ends with a message: Everything', async () => {
    const session = await begin()
    await server.allow({ prompts: 0 })
    const everything = session.jobs.everything(settings)
    await settle()
    expect(session.getState().job).not.toBeNull()
    loseConnection()
    await pass(2000)
    expect(session.getState().job).not.toBeNull()
    await server.restart()
    findConnection()
    await pass(1000)
    await everything
    expect(session.getState().job).toBeNull()
    expect(session.getState().messages).toMatchObject([
      { tone: 'critical', text: 'Everything was interrupted because the server restarted: run it again' },
    ])
  })

  it('ends with a message: the export', async () => {
    const session = await begin()
    const exporting = session.jobs.exportProject({ format: 'png', each: 'labels' })
    await settle()
    await server.restart()
    await pass(1000)
    await exporting
    expect(session.getState().exporting).toMatchObject({ state: 'failed' })
    expect(session.getState().messages).toMatchObject([{ tone: 'critical' }])
  })
})
