// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { begin, pass, passUntil, serve, serveVolumes, server, settle } from './session_fixture'

describe('opening', () => {
  it('opens the first image that is not done, with its masks and its embedding', async () => {
    await server.post('/api/images/1/progress', { done: true })
    const session = await begin()
    const { opened, plane, embedding, save } = session.getState()
    expect(opened?.image.name).toBe('b.png')
    expect(plane).toEqual({ axis: 'axial', slice: 0 })
    expect(embedding).toBe('ready')
    expect(save.state).toBe('saved')
  })

  it('passes over images that cannot be read, known to be so or not', async () => {
    await serve({ 'a.png': 'unreadable', 'b.png': 'unreadable', 'c.png': 'picture' })
    await server.get('/api/images/1')
    const session = await begin()
    expect(session.getState().opened?.image.name).toBe('c.png')
    expect(server.asked.map(({ path }) => path)).not.toContain('/api/images/1')
    expect(session.getState().fault).toBeNull()
    await session.openImage(1)
    expect(session.getState().fault).toBe('A.png: is cut off')
  })

  it('opens one that is done before one that cannot be read, and says why where there is no other', async () => {
    await serve({ 'a.png': 'picture', 'b.png': 'unreadable', 'c.png': 'unreadable' })
    await server.post('/api/images/1/progress', { done: true })
    expect((await begin()).getState().opened?.image.name).toBe('a.png')
    await serve({ 'a.png': 'unreadable', 'b.png': 'unreadable' })
    const session = await begin()
    expect(session.getState().image).toBe(1)
    expect(session.getState().fault).toBe('A.png: is cut off')
  })

  it('stays at the image that was asked for, though it cannot be read', async () => {
    await serve({ 'a.png': 'unreadable', 'b.png': 'picture' })
    const session = await begin({ image: 1 })
    expect(session.getState().image).toBe(1)
    expect(session.getState().fault).not.toBeNull()
  })

  it('says why an image cannot be opened, and opens the next one', async () => {
    const session = await begin()
    await session.openImage(99)
    expect(session.getState().fault).toBe('There is no image 99')
    expect(session.getState().opened).toBeNull()
    await session.openImage(2)
    expect(session.getState().fault).toBeNull()
    expect(session.getState().opened?.image.id).toBe(2)
  })

  it('shows the image asked for last, whichever answer comes last', async () => {
    const session = await begin()
    server.before = ({ path }, when) =>
      path === '/api/images/2' && when === 'early'
        ? new Promise((resolve) => setTimeout(resolve, 500))
        : Promise.resolve()
    const slow = session.openImage(2)
    await session.openImage(3)
    await pass(600)
    await slow
    expect(session.getState().opened?.image.id).toBe(3)
  })

  it('comes back to the slice that was left', async () => {
    await serveVolumes()
    const session = await begin()
    session.navigator.goTo({ axis: 'coronal', slice: 7 })
    await session.openImage(2)
    await session.openImage(1)
    expect(session.getState().plane).toEqual({ axis: 'coronal', slice: 7 })
  })

  it('goes no further than the first and last slice', async () => {
    await serveVolumes()
    const session = await begin()
    session.navigator.goTo({ axis: 'axial', slice: 500 })
    expect(session.getState().plane?.slice).toBe(119)
    session.navigator.goTo({ axis: 'axial', slice: -3 })
    expect(session.getState().plane?.slice).toBe(0)
  })

  it('asks for the embedding once the slice has stayed, not for those scrolled past', async () => {
    await serveVolumes()
    const session = await begin()
    server.asked.length = 0
    for (let slice = 10; slice < 30; ++slice) session.navigator.goTo({ axis: 'axial', slice })
    await pass(400)
    const focused = server.asked.filter(({ path }) => path.endsWith('/focus'))
    expect(focused.map(({ body }) => body)).toEqual([{ plane: { axis: 'axial', slice: 29 }, window: 'none' }])
    const masks = server.asked.filter(({ path }) => path.includes('/masks?'))
    expect(masks.length).toBeLessThanOrEqual(2)
  })

  it('follows the embedding until it is ready', async () => {
    await server.allow({ encodings: 0 })
    const session = await begin()
    await passUntil(() => session.getState().embedding === 'encoding')
    await server.allow({ encodings: null })
    await passUntil(() => session.getState().embedding === 'ready')
  })

  it('asks only for what has changed when it comes back to a slice', async () => {
    await serveVolumes()
    const session = await begin()
    session.navigator.goTo({ axis: 'axial', slice: 61 })
    await settle()
    server.asked.length = 0
    session.navigator.goTo({ axis: 'axial', slice: 60 })
    await settle()
    expect(server.asked.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/api\/images\/1\/changes\?axis=axial&slice=60&since=\d+&/),
    ])
  })
})
