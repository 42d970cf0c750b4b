// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:http'
import { inject } from 'vitest'
import { newRequestId } from '../wire/client'
import type { ActionRequest, ImageAction, ImageObject, Opened } from '../wire/types'

// For tests: a project of the real server with a network that answers with boxes (src/sonde/server/fake_server.cc), at the
// other end of a connection that can be held and lost.

export interface Asked {
  method: string
  path: string
  body: unknown
}

export type ImageKind = 'picture' | 'volume' | 'unreadable'

const agent = new Agent({ keepAlive: true })

// By node:http, since fetch needs the timers that tests stand still.
function send({ method, path, body }: Asked, token: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const sent = request(`${inject('fakeServer')}${path}`, { method, headers, agent }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode! })))
    })
    sent.on('error', reject)
    sent.end(body === null ? undefined : JSON.stringify(body))
  })
}

export class FakeServer {
  readonly asked: Asked[] = [] // by the page
  readonly reached: Asked[] = [] // of these, what has not been lost on the way
  // Called before each request of the page and before its answer: it may wait, or throw to lose the connection.
  before: (asked: Asked, when: 'early' | 'late') => Promise<void> = () => Promise.resolve()
  knowsPage = true // by its token
  encodes = true
  private readonly underWay = new Set<Promise<unknown>>()

  private constructor(private readonly token: string) {}

  // By name. Their numbers begin at 1.
  static async begin(images: Record<string, ImageKind>): Promise<FakeServer> {
    const named = Object.entries(images).map(([name, is]) => ({ name, is }))
    const asked = { method: 'POST', path: '/fake/project', body: { images: named } }
    return new FakeServer(((await (await send(asked, '')).json()) as { token: string }).token)
  }

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null
    const asked = { method: init.method ?? 'GET', path, body }
    this.asked.push(asked)
    await this.before(asked, 'early')
    this.reached.push(asked)
    const answer = await this.send(asked, this.knowsPage ? this.token : 'another')
    await this.before(asked, 'late')
    return answer
  }

  // Until nothing is on its way to the server or back. Whether anything was.
  async answered(): Promise<boolean> {
    const wasAny = this.underWay.size > 0
    while (this.underWay.size > 0) await Promise.allSettled([...this.underWay])
    return wasAny
  }

  actions(): ImageAction[] {
    return this.asked.flatMap(({ path, body }) =>
      path.endsWith('/actions') ? [(body as ActionRequest).action] : [],
    )
  }

  // What somebody else sees and does.
  async get<T>(path: string): Promise<T> {
    return (await (await this.send({ method: 'GET', path, body: null }, this.token)).json()) as T
  }
  async post<T>(path: string, body: object): Promise<T> {
    const answer = await this.send({ method: 'POST', path, body }, this.token)
    if (!answer.ok) throw new Error(await answer.text())
    return (path.endsWith('/actions') ? null : await answer.json()) as T
  }
  async object(id: number, image = 1): Promise<ImageObject | undefined> {
    const { objects } = await this.get<Opened>(`/api/images/${image}`)
    return objects.find((object) => object.id === id)
  }
  async act(action: ImageAction, image = 1): Promise<void> {
    const view = { axis: 'axial', slice: 0 }
    await this.post(`/api/images/${image}/actions`, { request: newRequestId(), view, action })
  }

  // How many more pictures are encoded and prompts answered, before the network waits; null: all.
  async allow(counts: { encodings?: number | null; prompts?: number | null }): Promise<void> {
    this.encodes = counts.encodings !== 0
    await this.post('/fake/network', { encodings: null, prompts: null, ...counts })
  }
  async restart(): Promise<void> {
    await this.post('/fake/restart', {})
  }
  async end(): Promise<void> {
    await this.post('/fake/end', {})
  }

  private send(asked: Asked, token: string): Promise<Response> {
    const answer = send(asked, token)
    this.underWay.add(answer)
    const forget = () => void this.underWay.delete(answer)
    answer.then(forget, forget)
    return answer
  }
}
