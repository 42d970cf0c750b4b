// SPDX-License-Identifier: Apache-2.0
import type { Message, Question, SessionState } from './session_state'
import type { Client, RequestError } from '../wire/client'
import type { Bundle, Plane, Project, Summary } from '../wire/types'
import { isAway, sentence } from './faults'
import { ImageContents, samePlane } from './slices'
import { Store } from './store'

const shownMessages = 4

// While no image is open.
export const nothingOpen = {
  opened: null,
  plane: null,
  window: null,
  embedding: 'queued',
  embeddingMessage: '',
  objects: new Map(),
  selected: new Set<number>(),
  made: null,
  hovered: null,
  hidden: new Set<number>(),
  masks: new Map(),
  proposal: null,
  draft: null,
  predicting: false,
  refining: false,
  history: null,
  undo: null,
  redo: null,
} as const satisfies Partial<SessionState>

export function emptyState(): SessionState {
  return {
    ...nothingOpen,
    connection: 'there',
    project: null,
    image: null,
    opening: false,
    fault: null,
    tool: 'point',
    brushRadius: 8,
    label: 0,
    opacity: 0.4,
    outlineOnly: false,
    question: null,
    job: null,
    jobImage: null,
    preview: null,
    exporting: null,
    training: null,
    trainings: null,
    comparing: null,
    messages: [],
    fitRequests: 0,
    save: { state: 'saved', message: '' },
  }
}

// What the parts of the session share: the state, the requests, the contents of the image in view, and how answers and
// faults come into the state.
export class Core {
  readonly store = new Store<SessionState>(emptyState())
  contents: ImageContents | null = null
  onApplied: (image: number) => void = () => {} // an answer has come into the state
  private messages = 0
  private undoRevision = 0 // that `undo` and `redo` are as of
  private answerQuestion: (choice: number | null) => void = () => {}

  onConnectionChange: () => void = () => {} // the connection has become another one

  constructor(readonly client: Client) {
    client.onReachability = (away) => this.noteConnection(away)
  }

  get state(): SessionState {
    return this.store.get()
  }

  notify(tone: Message['tone'], text: string, undo: Message['undo'] = 'none'): void {
    const others = this.state.messages.filter((message) => message.text !== text)
    const messages = [...others, { id: ++this.messages, tone, text, undo }].slice(-shownMessages)
    this.store.set({ messages })
  }

  dismiss(message: number): void {
    this.store.set({ messages: this.state.messages.filter(({ id }) => id !== message) })
  }

  // Withdraws the offers to undo: something else has been done since.
  offerNoUndo(): void {
    const { messages } = this.state
    if (messages.every(({ undo }) => undo === 'none')) return
    this.store.set({ messages: messages.map((message) => ({ ...message, undo: 'none' })) })
  }

  // The number of the choice; null: none.
  ask(question: Question): Promise<number | null> {
    this.answerQuestion(null)
    return new Promise((resolve) => {
      this.answerQuestion = (choice) => {
        this.answerQuestion = () => {}
        this.store.set({ question: null })
        resolve(choice)
      }
      this.store.set({ question })
    })
  }

  answer(choice: number | null): void {
    this.answerQuestion(choice)
  }

  // Selected by hand. Refining goes on with the object that it began with, or ends.
  select(selected: ReadonlySet<number>): void {
    const before = this.state.selected
    const same = selected.size === before.size && [...selected].every((id) => before.has(id))
    this.store.set({ selected, made: null, refining: this.state.refining && same })
  }

  fail(error: unknown): void {
    if (!isAway(error)) this.notify('error', sentence(error))
    else this.notify('error', 'Not saved: the server does not respond')
  }

  private noteConnection(away: RequestError | null): void {
    const connection = away === null ? 'there' : away.status === 401 ? 'lockedOut' : 'lost'
    if (connection === this.state.connection) return
    this.store.set({ connection })
    this.onConnectionChange()
  }

  // Begins with another image, or with none.
  replaceContents(contents: ImageContents | null, undoRevision: number): void {
    this.contents = contents
    this.undoRevision = undoRevision
  }

  // An answer for `image` that was made for `plane`; see ImageContents.take.
  takeBundle(image: number, plane: Plane, bundle: Bundle, extent: 'part' | 'complete'): void {
    this.takeSummaries([bundle.image])
    if (bundle.labels) this.takeProject({ labels: bundle.labels })
    if (this.state.opened?.image.id !== image || !this.contents) return
    this.contents.take(bundle, plane, extent)
    if (bundle.revision >= this.undoRevision) {
      this.undoRevision = bundle.revision
      this.store.set({ undo: bundle.undo, redo: bundle.redo })
    }
    this.showContents()
    this.onApplied(image)
  }

  showContents(): void {
    const { plane, selected, hidden, hovered } = this.state
    if (!this.contents || !plane) return
    const { objects } = this.contents
    const meant = dropNewlyApproved(keepExisting(selected, objects), this.state.objects, objects)
    const { made, refining } = this.state
    this.store.set({
      objects,
      masks: this.contents.masksOn(plane),
      selected: meant,
      refining: refining && meant === selected,
      made: made && made.object !== null && !objects.has(made.object) ? null : made,
      hidden: keepExisting(hidden, objects),
      hovered: hovered !== null && objects.has(hovered) ? hovered : null,
    })
  }

  takeProject(change: Partial<Project>): void {
    const { project, label } = this.state
    if (!project) return
    const next = { ...project, ...change }
    this.store.set({ project: next, label: activeLabel(next, label) })
  }

  takeSummaries(summaries: readonly Summary[]): void {
    const { project } = this.state
    if (!project || summaries.length === 0) return
    const changed = new Map(summaries.map((summary) => [summary.id, summary]))
    const images = project.images.map((image) => {
      const next = changed.get(image.id)
      if (next) changed.delete(image.id)
      return next && next.revision >= image.revision ? next : image
    })
    this.takeProject({ images: [...images, ...changed.values()] })
  }

  inView(image: number, plane: Plane): boolean {
    return this.state.opened?.image.id === image && samePlane(this.state.plane, plane)
  }
}

// The label in use while it exists, else the first one, else 0.
export function activeLabel(project: Project, label: number): number {
  if (project.labels.some(({ id }) => id === label)) return label
  return project.labels[0]?.id ?? 0
}

// A proposal was selected as one: once it is approved, keys and tools do not act on it any more.
function dropNewlyApproved(
  selected: ReadonlySet<number>,
  before: SessionState['objects'],
  now: SessionState['objects'],
): ReadonlySet<number> {
  const isApproved = (id: number) => before.get(id)?.state === 'proposed' && now.get(id)?.state === 'approved'
  return keepExisting(selected, new Map([...now].filter(([id]) => !isApproved(id))))
}

function keepExisting(
  chosen: ReadonlySet<number>,
  objects: ReadonlyMap<number, unknown>,
): ReadonlySet<number> {
  const left = [...chosen].filter((id) => objects.has(id))
  return left.length === chosen.size ? chosen : new Set(left)
}
