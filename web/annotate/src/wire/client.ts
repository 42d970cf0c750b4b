// SPDX-License-Identifier: Apache-2.0
import { decodeBundle, decodeMasks } from './bundle'
import { DamagedAnswer } from './bytes'
import { decodePicture } from './picture'
import type * as wire from './types'

// A request that has failed. Aborted requests are rejected with fetch's own AbortError instead.
//   lost       no answer: the connection dropped, or the server is not there. Nothing is known of what it did
//   locked_out 401: the server has another token
//   damaged    an answer that is not what docs/http.md says
//   else       the kinds of docs/http.md
export class RequestError extends Error {
  override name = 'RequestError'
  constructor(
    readonly status: number, // 0: lost
    readonly kind: string,
    message: string,
  ) {
    super(message)
  }
  // The server cannot be spoken to: not there, or it lets nobody in who has this browser's token.
  get isAway(): boolean {
    return this.status === 0 || this.status === 401
  }
}

export type Fetch = (input: string, init: RequestInit) => Promise<Response>
interface Asked {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: object
  signal?: AbortSignal | undefined
  keepalive?: boolean // goes out even while the page is being left
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

async function failure(response: Response): Promise<RequestError> {
  if (response.status === 401)
    return new RequestError(
      401,
      'locked_out',
      "this page's key is no longer valid: open the address that sonde annotate printed",
    )
  const said = (await response.json().catch(() => null)) as Partial<wire.ErrorBody> | null
  const { kind, message } = said?.error ?? {}
  return new RequestError(
    response.status,
    kind ?? 'internal',
    message ?? `the server answered with status ${response.status}`,
  )
}

function requestOf({ method = 'GET', body, signal, keepalive = false }: Asked): RequestInit {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', keepalive }
  if (signal) init.signal = signal
  if (body)
    Object.assign(init, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  return init
}

function slicePath(image: number, what: string, plane: wire.Plane): string {
  return `/api/images/${image}/${what}?axis=${plane.axis}&slice=${plane.slice}`
}

// What the server answers to. Every function throws RequestError.
export class Client {
  // Told after each request whether the server is there: null where it has answered, the fault where there was no answer
  // or the token is not its own.
  onReachability: (away: RequestError | null) => void = () => {}

  id = '' // whose undo and redo the server tells and does; empty: nobody's

  constructor(private readonly fetch: Fetch = (input, init) => globalThis.fetch(input, init)) {}

  project(): Promise<wire.Project> {
    return this.json('/api/project')
  }
  changes(since: number, signal?: AbortSignal): Promise<wire.ProjectChanges> {
    return this.json(`/api/changes?since=${since}`, { signal })
  }
  changeLabels(action: wire.LabelAction): Promise<wire.LabelsChanged> {
    return this.json('/api/labels', { method: 'POST', body: action })
  }
  setOverlap(overlap: wire.Overlap): Promise<wire.Settings> {
    return this.json('/api/settings', { method: 'POST', body: { overlap } })
  }

  open(image: number): Promise<wire.Opened> {
    return this.json(`/api/images/${image}${this.id && `?client=${this.id}`}`)
  }
  picture(image: number, plane: wire.Plane, signal?: AbortSignal): Promise<wire.Picture> {
    return this.ask(slicePath(image, 'picture', plane), { signal }, async (response) =>
      decodePicture(await response.arrayBuffer()),
    )
  }
  masks(image: number, plane: wire.Plane): Promise<wire.Bundle> {
    return this.bundle(slicePath(image, 'masks', plane) + this.asClient)
  }
  imageChanges(image: number, since: number, plane: wire.Plane): Promise<wire.Bundle> {
    return this.bundle(`${slicePath(image, 'changes', plane)}&since=${since}${this.asClient}`)
  }
  // With the same `request` it may be sent again when it was lost: it is done once.
  act(image: number, request: wire.ActionRequest): Promise<wire.Bundle> {
    return this.bundle(`/api/images/${image}/actions`, { method: 'POST', body: this.own(request) })
  }
  focus(image: number, request: wire.FocusRequest): Promise<wire.Focus> {
    return this.json(`/api/images/${image}/focus`, { method: 'POST', body: request })
  }
  embedding(image: number, request: wire.FocusRequest): Promise<wire.Focus> {
    const window = encodeURIComponent(request.window)
    return this.json(`${slicePath(image, 'embedding', request.plane)}&window=${window}`)
  }
  everything(image: number, request: wire.EverythingRequest): Promise<wire.Job> {
    return this.json(`/api/images/${image}/everything`, { method: 'POST', body: this.own(request) })
  }
  progress(image: number, request: wire.ProgressRequest): Promise<{ image: wire.Summary }> {
    return this.json(`/api/images/${image}/progress`, { method: 'POST', body: request, keepalive: true })
  }
  history(image: number, limit: number): Promise<{ events: wire.HistoryEvent[] }> {
    return this.json(`/api/images/${image}/history?limit=${limit}`)
  }

  // The masks of the weights before that training, then of those after it.
  compare(image: number, request: wire.CompareRequest): Promise<wire.WireMask[]> {
    return this.masksOf(`/api/images/${image}/compare`, { method: 'POST', body: request })
  }

  trainings(): Promise<wire.TrainingList> {
    return this.json('/api/training')
  }
  train(request: wire.TrainingRequest): Promise<wire.Job> {
    return this.json('/api/training', { method: 'POST', body: request })
  }
  chooseModel(training: number | null): Promise<wire.Model> {
    return this.json('/api/model', { method: 'POST', body: { training } })
  }

  exportProject(request: wire.ExportRequest): Promise<wire.Job> {
    return this.json('/api/export', { method: 'POST', body: request })
  }
  jobs(): Promise<wire.JobList> {
    return this.json('/api/jobs')
  }
  job(id: number): Promise<wire.Job> {
    return this.json(`/api/jobs/${id}`)
  }
  // The masks so far; an object's number is the mask's own.
  preview(id: number): Promise<wire.WireMask[]> {
    return this.masksOf(`/api/jobs/${id}/preview`)
  }
  stopJob(id: number): Promise<wire.Job> {
    return this.json(`/api/jobs/${id}`, { method: 'DELETE' })
  }

  private get asClient(): string {
    return this.id && `&client=${this.id}`
  }
  private own<T extends object>(request: T): T & { client?: string } {
    return this.id ? { ...request, client: this.id } : request
  }

  private json<T>(path: string, asked: Asked = {}): Promise<T> {
    return this.ask(path, asked, async (response) => (await response.json()) as T)
  }
  private masksOf(path: string, asked: Asked = {}): Promise<wire.WireMask[]> {
    return this.ask(path, asked, async (response) =>
      decodeMasks(new Uint8Array(await response.arrayBuffer())),
    )
  }
  private bundle(path: string, asked: Asked = {}): Promise<wire.Bundle> {
    return this.ask(path, asked, async (response) => decodeBundle(await response.arrayBuffer()))
  }

  private async ask<T>(path: string, asked: Asked, decode: (response: Response) => Promise<T>): Promise<T> {
    try {
      const response = await this.fetch(path, requestOf(asked))
      if (!response.ok) throw await failure(response)
      const answer = await decode(response)
      this.onReachability(null)
      return answer
    } catch (error) {
      if (isAbort(error)) throw error
      const fault = faultOf(error)
      this.onReachability(fault.isAway ? fault : null)
      throw fault
    }
  }
}

function faultOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof DamagedAnswer || error instanceof SyntaxError)
    return new RequestError(200, 'damaged', error.message)
  return new RequestError(0, 'lost', 'the server does not answer')
}

export function newRequestId(): string {
  // Not randomUUID: a page from another machine (--host) is not a secure context.
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return digits.join('')
}
