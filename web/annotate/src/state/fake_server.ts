// SPDX-License-Identifier: Apache-2.0
import type {
  ActionRequest,
  BundleHead,
  HistoryEvent,
  ImageAction,
  ImageObject,
  Job,
  Label,
  LabelAction,
  Opened,
  Plane,
  Project,
  Summary,
} from '../wire/types'
import { blank, change, Conflict } from './fake_actions'
import { encodeBundle, encodeMasks, foundMasks, masksOf, type Stored } from './fake_bundle'

// For tests: enough of docs/http.md to have a session talk to it, in memory. Masks are boxes.

export interface Asked {
  method: string
  path: string
  body: unknown
}

type Snapshot = ReadonlyMap<number, Stored>
interface Step {
  kind: string
  before: Snapshot
  after: Snapshot
}

export const pictureSize = { width: 640, height: 480 }

export class FakeServer {
  readonly asked: Asked[] = []
  readonly done = new Map<string, number>() // request -> how often it was asked for
  revision = 10
  labels: Label[] = [label(1, 'nerve', '#e69f00', '1'), label(2, 'vessel', '#56b4e9', '2')]
  embedding: 'ready' | 'encoding' = 'ready'
  volume = false
  // Called before each answer: it may wait, or throw to lose the connection. 'late': what was asked has been done.
  before: (asked: Asked, when: 'early' | 'late') => Promise<void> = () => Promise.resolve()
  token = true
  refuseNext = false // the next action
  readonly unreadable = new Set<string>() // names of images
  private objects: Snapshot = new Map()
  private removed = new Map<number, number>()
  private lastId = 0
  private undone: Step[] = []
  private steps: Step[] = []
  private events: HistoryEvent[] = []
  private jobs: Job[] = []
  readonly images: Summary[]

  constructor(names: readonly string[] = ['a.png', 'b.png', 'c.png']) {
    this.images = names.map((name, at) => summary(at + 1, name))
  }

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null
    const asked = { method: init.method ?? 'GET', path, body }
    this.asked.push(asked)
    await this.before(asked, 'early')
    if (!this.token) return fault(401, 'forbidden', 'no token')
    try {
      const answer = this.answer(asked)
      await this.before(asked, 'late')
      return answer
    } catch (error) {
      if (error instanceof Conflict) return fault(409, 'conflict', error.message)
      throw error
    }
  }

  actions(): ImageAction[] {
    return this.asked.flatMap(({ path, body }) =>
      path.endsWith('/actions') ? [(body as ActionRequest).action] : [],
    )
  }

  object(id: number): ImageObject | undefined {
    return this.objects.get(id)?.object
  }

  // What another tab would do.
  act(action: ImageAction, image = 1): void {
    this.answer({
      method: 'POST',
      path: `/api/images/${image}/actions`,
      body: { request: crypto.randomUUID(), view: { axis: 'axial', slice: 0 }, action },
    })
  }

  private answer({ method, path, body }: Asked): Response {
    const url = new URL(path, 'http://fake')
    const query = url.searchParams
    const [, , what, id, part] = url.pathname.split('/')
    if (what === 'project') return json(this.project())
    if (what === 'changes') return json(this.changes(Number(query.get('since'))))
    if (what === 'labels')
      return json({ revision: ++this.revision, labels: this.changeLabels(body as LabelAction) })
    if (what === 'settings') return json({ revision: ++this.revision, ...(body as object) })
    if (what === 'export')
      return json(this.newJob('export', { folder: '/data/project/exports/1', files: 3, notes: [] }))
    if (what === 'jobs' && part === 'preview')
      return new Response(encodeMasks(foundMasks(this.jobs[Number(id) - 1]?.preview ?? 0)))
    if (what === 'jobs') {
      const job = this.job(Number(id), method)
      return job ? json(job) : fault(404, 'not_found', `there is no job ${id}`)
    }
    return this.imageAnswer(Number(id), part, query, body)
  }

  private imageAnswer(id: number, part: string | undefined, query: URLSearchParams, body: unknown): Response {
    const image = this.images.find((one) => one.id === id)
    if (!image) return fault(404, 'not_found', `there is no image ${id}`)
    const plane = { axis: query.get('axis'), slice: Number(query.get('slice')) } as Plane
    if (part === undefined) return this.open(image)
    if (part === 'masks') return this.bundle(image, plane, -1)
    if (part === 'changes') return this.bundle(image, plane, Number(query.get('since')))
    if (part === 'focus' || part === 'embedding') return json({ embedding: this.embedding, message: '' })
    if (part === 'history') return json({ events: [...this.events].reverse() })
    if (part === 'progress')
      return json({ image: this.progress(image, body as { active_ms?: number; done?: boolean }) })
    if (part === 'everything') return json(this.everything(image, body as { plane: Plane }))
    const { request, view, action } = body as ActionRequest
    const times = (this.done.get(request) ?? 0) + 1
    this.done.set(request, times)
    const since = this.revision
    if (times === 1) this.apply(image, action)
    return this.bundle(image, view, times === 1 ? since : -1)
  }

  private project(): Project {
    const model = {
      name: 'mobile-sam',
      architecture: 'mobile_sam',
      sha256: '6d'.repeat(32),
      precision: 'fp32',
    }
    const { revision, labels, images } = this
    return {
      name: 'nerves',
      folder: '/data/project',
      revision,
      version: '0.5.0',
      model,
      overlap: 'keep',
      labels,
      images,
    }
  }

  private changes(since: number) {
    const images = this.images.filter(({ revision }) => revision > since)
    return { revision: this.revision, images, labels: null, overlap: 'keep' }
  }

  private changeLabels(action: LabelAction): Label[] {
    if (action.kind === 'add_label')
      this.labels = [
        ...this.labels,
        label(this.labels.length + 1, action.name, action.colour ?? '#009e73', action.shortcut ?? ''),
      ]
    else if (action.kind === 'delete_label') this.labels = this.labels.filter(({ id }) => id !== action.label)
    else
      this.labels = this.labels.map((one) =>
        one.id === action.label
          ? {
              ...one,
              name: action.name ?? one.name,
              colour: action.colour ?? one.colour,
              shortcut: action.shortcut ?? one.shortcut,
            }
          : one,
      )
    return this.labels
  }

  private open(image: Summary): Response {
    if (!this.unreadable.has(image.name)) return json(this.opened(image))
    image.fault = `${image.name}: is cut off`
    image.revision = ++this.revision
    return fault(500, 'internal', image.fault)
  }

  private opened(image: Summary): Opened {
    const { width, height } = pictureSize
    const depth = this.volume ? 120 : 1
    const pixel_mm: [number, number] | null = this.volume ? [0.5, 0.5] : null
    const plane = (axis: 'axial' | 'coronal' | 'sagittal') =>
      ({ axis, width, height, slices: depth, pixel_mm, slice_mm: this.volume ? 1 : null }) as const
    return {
      image,
      extent: [width, height, depth],
      plain: !this.volume,
      photometric: 'grey',
      range: [0, 255],
      orientation: this.volume ? 'RAS' : null,
      notes: [],
      planes: this.volume ? [plane('axial'), plane('coronal'), plane('sagittal')] : [plane('axial')],
      default_plane: { axis: 'axial', slice: Math.floor(depth / 2) },
      window: { name: 'none', centre: null, width: null },
      presets: this.volume ? [{ name: 'brain', centre: 40, width: 80 }] : [],
      revision: this.revision,
      undo: this.steps.at(-1)?.kind ?? null,
      redo: this.undone.at(-1)?.kind ?? null,
      objects: image.id === 1 ? [...this.objects.values()].map(({ object }) => object) : [],
    }
  }

  private apply(image: Summary, action: ImageAction): void {
    if (this.refuseNext) {
      this.refuseNext = false
      throw new Conflict('it covers no pixel of the picture')
    }
    const revision = this.revision + 1
    const before = this.objects
    const next = new Map(before)
    if (action.kind === 'undo' || action.kind === 'redo') {
      const step = (action.kind === 'undo' ? this.steps : this.undone).pop()
      if (!step) throw new Conflict(`there is nothing to ${action.kind}`)
      ;(action.kind === 'undo' ? this.undone : this.steps).push(step)
      this.restore(before, action.kind === 'undo' ? step.before : step.after, revision)
    } else {
      change(next, action, revision, () => ++this.lastId)
      this.objects = next
      this.steps.push({ kind: action.kind, before, after: next })
      this.undone = []
      for (const id of before.keys()) if (!next.has(id)) this.removed.set(id, revision)
    }
    this.revision = revision
    this.events.push({
      id: revision,
      time: '2026-03-01T10:20:30.000Z',
      kind: action.kind,
      summary: action.kind.replace(/_/g, ' '),
      undone: false,
    })
    this.summarise(image)
  }

  private restore(now: Snapshot, wanted: Snapshot, revision: number): void {
    const next = new Map<number, Stored>()
    for (const [id, stored] of wanted) {
      const same = now.get(id)
      const unchanged =
        same &&
        JSON.stringify({ ...same.object, revision: 0 }) === JSON.stringify({ ...stored.object, revision: 0 })
      next.set(id, unchanged ? same : { ...stored, object: { ...stored.object, revision } })
    }
    for (const id of now.keys()) if (!next.has(id)) this.removed.set(id, revision)
    this.objects = next
  }

  private everything(image: Summary, { plane }: { plane: Plane }): Job {
    const next = new Map(this.objects)
    const revision = ++this.revision
    for (let at = 0; at < 24; ++at) {
      const id = ++this.lastId
      const box = {
        x0: 20 + 100 * (at % 6),
        y0: 20 + 110 * Math.floor(at / 6),
        width: 60 + at,
        height: 50 + at,
      }
      const score = { predicted_iou: 0.95 - at * 0.003, stability: 0.96, area: box.width * box.height }
      next.set(id, {
        box,
        object: {
          ...blank,
          id,
          revision,
          state: 'proposed',
          source: 'everything',
          plane,
          candidates: [score],
          chosen: 0,
          area: score.area,
        },
      })
    }
    this.steps.push({ kind: 'everything', before: this.objects, after: next })
    this.objects = next
    this.summarise(image)
    return this.newJob('everything', { revision, proposals: 24 })
  }

  private newJob(kind: string, result: Job['result']): Job {
    const job: Job = {
      job: this.jobs.length + 1,
      kind,
      state: 'running',
      done: 0,
      total: 4,
      message: '',
      preview: 0,
      result,
    }
    this.jobs.push(job)
    return { ...job, result: null }
  }

  // As a server that was started anew.
  forgetJobs(): void {
    this.jobs = []
  }

  private job(id: number, method: string): Job | null {
    const job = this.jobs[id - 1]
    if (!job) return null
    job.done = Math.min(job.done + 1, job.total)
    if (method === 'DELETE') job.state = 'cancelled'
    else if (job.done === job.total && job.state === 'running') job.state = 'done'
    job.preview = job.kind === 'everything' && job.state === 'running' ? job.done : 0
    return { ...job }
  }

  private progress(image: Summary, { active_ms = 0, done }: { active_ms?: number; done?: boolean }): Summary {
    image.active_ms += active_ms
    if (done !== undefined) image.status = done ? 'done' : image.approved > 0 ? 'started' : 'new'
    image.revision = ++this.revision
    return { ...image }
  }

  private summarise(image: Summary): void {
    const objects = [...this.objects.values()].map(({ object }) => object)
    const approved = objects.filter(({ state }) => state === 'approved').length
    const status = image.status === 'new' ? 'started' : image.status
    const at = this.images.indexOf(image)
    this.images[at] = {
      ...image,
      status,
      approved,
      proposed: objects.length - approved,
      revision: this.revision,
    }
  }

  private bundle(image: Summary, view: Plane, since: number): Response {
    const stored =
      image.id === 1 ? [...this.objects.values()].filter(({ object }) => object.revision > since) : []
    const removed = [...this.removed]
      .filter(([id, at]) => at > since && !this.objects.has(id))
      .map(([id]) => id)
    const head: BundleHead = {
      revision: this.revision,
      undo: this.steps.at(-1)?.kind ?? null,
      redo: this.undone.at(-1)?.kind ?? null,
      changed: stored.map(({ object }) => object),
      removed,
      image: this.images.find(({ id }) => id === image.id)!,
      labels: null,
      timing_ms: {},
    }
    const shown = stored.filter(
      ({ object: { plane } }) => !plane || (plane.axis === view.axis && plane.slice === view.slice),
    )
    return new Response(encodeBundle(head, shown.flatMap(masksOf)))
  }
}

function label(id: number, name: string, colour: string, shortcut: string): Label {
  return { id, name, colour, shortcut, value: id, objects: 0 }
}

function summary(id: number, name: string): Summary {
  return {
    id,
    name,
    path: `/data/${name}`,
    status: 'new',
    approved: 0,
    proposed: 0,
    active_ms: 0,
    revision: 0,
    extent: null,
    fault: null,
    notice: null,
  }
}

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } })
}

function fault(status: number, kind: string, message: string): Response {
  return new Response(JSON.stringify({ error: { kind, message } }), { status })
}
