// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { Client, newRequestId, RequestError, type Fetch } from './client'
import { golden } from './golden.testing'
import type { ActionRequest, ErrorBody, Project } from './types'

interface Asked {
  path: string
  init: RequestInit
}

function clientWith(answer: () => Response | Promise<Response>) {
  const asked: Asked[] = []
  const fetch: Fetch = async (path, init) => {
    asked.push({ path, init })
    return answer()
  }
  return { client: new Client(fetch), asked }
}

async function failureOf(request: Promise<unknown>): Promise<RequestError> {
  const error: unknown = await request.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(RequestError)
  return error as RequestError
}

describe('The client', () => {
  it('reads the project', async () => {
    const project = golden<Project>('project')
    const { client, asked } = clientWith(() => Response.json(project))
    expect(await client.project()).toEqual(project)
    expect(asked[0]).toMatchObject({ path: '/api/project', init: { method: 'GET' } })
  })

  it('sends actions as JSON', async () => {
    const { client, asked } = clientWith(() => new Response(new ArrayBuffer(0)))
    const request = golden<Record<string, ActionRequest>>('actions').ask!
    await failureOf(client.act(3, request))
    const { path, init } = asked[0]!
    expect(path).toBe('/api/images/3/actions')
    expect(init).toMatchObject({ method: 'POST', headers: { 'Content-Type': 'application/json' } })
    expect(JSON.parse(init.body as string)).toEqual(request)
  })

  it('writes planes and windows into the address', async () => {
    const { client, asked } = clientWith(() => Response.json({ embedding: 'ready', message: '' }))
    await client.embedding(3, { plane: { axis: 'axial', slice: 71 }, window: '40,80' })
    expect(asked[0]!.path).toBe('/api/images/3/embedding?axis=axial&slice=71&window=40%2C80')
  })

  for (const { status, body } of golden<{ status: number; body: ErrorBody }[]>('errors'))
    it(`hands on why the server has refused: ${status} ${body.error.kind}`, async () => {
      const { client } = clientWith(() => Response.json(body, { status }))
      const error = await failureOf(client.project())
      expect(error.status).toBe(status)
      if (status === 401) expect(error.kind).toBe('locked_out')
      else expect([error.kind, error.message]).toEqual([body.error.kind, body.error.message])
    })

  it('says what it can of a refusal without a reason', async () => {
    const { client } = clientWith(() => new Response('<html>', { status: 502 }))
    expect(await failureOf(client.project())).toMatchObject({ status: 502, kind: 'internal' })
  })

  it('tells a lost connection from an answer that is damaged', async () => {
    const lost = clientWith(() => Promise.reject(new TypeError('Failed to fetch')))
    expect(await failureOf(lost.client.project())).toMatchObject({ status: 0, kind: 'lost' })
    const damaged = clientWith(() => new Response('{"name":'))
    expect(await failureOf(damaged.client.project())).toMatchObject({ kind: 'damaged' })
    const cut = clientWith(() => new Response(new Uint8Array(7)))
    expect(await failureOf(cut.client.picture(1, { axis: 'axial', slice: 0 }))).toMatchObject({
      kind: 'damaged',
    })
  })

  it('tells whether the server is there', async () => {
    const onReachability: (number | null)[] = []
    const answers: (() => Response | Promise<Response>)[] = [
      () => Response.json({}),
      () => Promise.reject(new TypeError('Failed to fetch')),
      () => Response.json({}, { status: 401 }),
      () => Response.json({}, { status: 404 }),
      () => Promise.reject(new DOMException('given up', 'AbortError')),
      () => Promise.reject(new DOMException('took too long', 'TimeoutError')),
      () => new Response('{"name":'),
    ]
    for (const answer of answers) {
      const { client } = clientWith(answer)
      client.onReachability = (away) => onReachability.push(away?.status ?? null)
      await client.project().catch(() => {})
    }
    expect(onReachability).toEqual([null, 0, 401, null, 0, null])
  })

  it('lets a request be given up', async () => {
    const { client } = clientWith(() => Promise.reject(new DOMException('given up', 'AbortError')))
    await expect(client.project()).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('names requests as the server takes them, each differently', () => {
    const ids = Array.from({ length: 50 }, newRequestId)
    for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z-]{8,64}$/)
    expect(new Set(ids).size).toBe(50)
  })
})
