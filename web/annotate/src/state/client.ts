// SPDX-License-Identifier: Apache-2.0
import { decodeBundle } from '../wire/bundle'
import { DamagedAnswer } from '../wire/bytes'
import type * as wire from '../wire/types'

// A request that has failed.
//   lost     no answer: the connection dropped, or the server is not there. Nothing is known of what it did
//   damaged  an answer that is not what docs/http.md says
//   else     the kinds of docs/http.md
export class RequestError extends Error {
  override name = 'RequestError'
  constructor(
    readonly status: number, // 0: lost
    readonly kind: string,
    message: string,
  ) {
    super(message)
  }
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>
interface Asked {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: object
  keepalive?: boolean // the page may be closed meanwhile
}

async function failure(response: Response): Promise<RequestError> {
  const said = (await response.json().catch(() => null)) as Partial<wire.ErrorBody> | null
  return new RequestError(
    response.status,
    said?.error?.kind ?? 'internal',
    said?.error?.message ?? `the server answered with status ${response.status}`,
  )
}

function slicePath(image: number, what: string, plane: wire.Plane): string {
  return `/api/images/${image}/${what}?axis=${plane.axis}&slice=${plane.slice}`
}

// The requests of docs/http.md but for pictures. Every function throws RequestError.
export class Client {
  constructor(private readonly fetch: Fetch = (path, init) => globalThis.fetch(path, init)) {}

  project(): Promise<wire.Project> {
    return this.json('/api/project')
  }
  changes(since: number): Promise<wire.ProjectChanges> {
    return this.json(`/api/changes?since=${since}`)
  }
  changeLabels(action: wire.LabelAction): Promise<wire.LabelsChanged> {
    return this.json('/api/labels', { method: 'POST', body: action })
  }
  setOverlap(overlap: wire.Overlap): Promise<wire.Settings> {
    return this.json('/api/settings', { method: 'POST', body: { overlap } })
  }

  open(image: number): Promise<wire.Opened> {
    return this.json(`/api/images/${image}`)
  }
  masks(image: number, plane: wire.Plane): Promise<wire.Bundle> {
    return this.bundle(slicePath(image, 'masks', plane))
  }
  imageChanges(image: number, since: number, plane: wire.Plane): Promise<wire.Bundle> {
    return this.bundle(`${slicePath(image, 'changes', plane)}&since=${since}`)
  }
  // With the same `request` it may be sent again when it was lost: it is done once.
  act(image: number, request: wire.ActionRequest): Promise<wire.Bundle> {
    return this.bundle(`/api/images/${image}/actions`, { method: 'POST', body: request })
  }
  focus(image: number, request: wire.FocusRequest): Promise<wire.Focus> {
    return this.json(`/api/images/${image}/focus`, { method: 'POST', body: request })
  }
  embedding(image: number, { plane, window }: wire.FocusRequest): Promise<wire.Focus> {
    return this.json(`${slicePath(image, 'embedding', plane)}&window=${encodeURIComponent(window)}`)
  }
  everything(image: number, request: wire.EverythingRequest): Promise<wire.Job> {
    return this.json(`/api/images/${image}/everything`, { method: 'POST', body: request })
  }
  progress(image: number, request: wire.ProgressRequest): Promise<{ image: wire.Summary }> {
    return this.json(`/api/images/${image}/progress`, { method: 'POST', body: request, keepalive: true })
  }
  history(image: number, limit: number): Promise<{ events: wire.HistoryEvent[] }> {
    return this.json(`/api/images/${image}/history?limit=${limit}`)
  }

  exportProject(request: wire.ExportRequest): Promise<wire.Job> {
    return this.json('/api/export', { method: 'POST', body: request })
  }
  job(id: number): Promise<wire.Job> {
    return this.json(`/api/jobs/${id}`)
  }
  stopJob(id: number): Promise<wire.Job> {
    return this.json(`/api/jobs/${id}`, { method: 'DELETE' })
  }

  private json<T>(path: string, asked: Asked = {}): Promise<T> {
    return this.ask(path, asked, async (response) => (await response.json()) as T)
  }

  private bundle(path: string, asked: Asked = {}): Promise<wire.Bundle> {
    return this.ask(path, asked, async (response) => decodeBundle(await response.arrayBuffer()))
  }

  private async ask<T>(
    path: string,
    { method = 'GET', body, keepalive = false }: Asked,
    decode: (response: Response) => Promise<T>,
  ): Promise<T> {
    const init: RequestInit = { method, keepalive, credentials: 'same-origin', cache: 'no-store' }
    if (body) {
      init.headers = { 'Content-Type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    try {
      const response = await this.fetch(path, init)
      if (!response.ok) throw await failure(response)
      return await decode(response)
    } catch (error) {
      if (error instanceof RequestError) throw error
      if (error instanceof DamagedAnswer || error instanceof SyntaxError)
        throw new RequestError(200, 'damaged', error.message)
      throw new RequestError(0, 'lost', 'the server does not answer')
    }
  }
}

export function newRequestId(): string {
  return crypto.randomUUID()
}
