// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../commands'
import { newRequestId } from '../wire/client'
import type { BoxPx, Bundle, ImageAction, ImageObject, Plane, PromptPoint } from '../wire/types'
import type { Consent } from './consent'
import type { Core } from './core'
import { sentence } from './faults'
import type { Labels } from './labels'
import { Outbox, type KeyValueStore, type PendingAction } from './outbox'
import type { Paint } from './painting'
import type { Connection, Draft, PaintTarget } from './session_state'
import { samePlane } from './slices'
import { doneText } from './action_texts'

// An object that prompts or strokes go on: its id, or the request that makes it while that is under way.
interface Subject {
  id: number | null
  from: string
}

interface EditingDependencies {
  core: Core
  consent: Consent
  labels: Labels
  keep: KeyValueStore | null
  refresh(): void // fetch what has changed on the plane in view
  changed(): void // other tabs should look
}

type OmitFromEach<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
// What a person has drawn, as the action says it.
export type Drawing = OmitFromEach<Drawn, 'plane' | 'object' | 'label' | 'paint'>
type Drawn = Extract<ImageAction, { paint: Paint }>

const isDrawn = (action: ImageAction): action is Drawn => 'paint' in action

// Prompts, strokes and everything else that changes the image in view. What is sent is decided when the person acts, not
// when an answer comes: a slow answer neither blocks nor redirects the next click.
export class Editing {
  readonly outbox: Outbox
  private open: Subject | null = null // the open proposal
  private painted: Subject | null = null // the object that a stroke has begun
  private wantedCandidate: number | null = null
  private refusedOn: number | null = null // the image, where nothing has been done since
  private readonly keptByClick = new Set<string>() // requests

  private readonly core: Core

  constructor(private readonly dependencies: EditingDependencies) {
    const { core, keep } = dependencies
    this.core = core
    this.outbox = new Outbox(
      {
        send: ({ image, request, view, action }) => core.client.act(image, { request, view, action }),
        answered: (pending, bundle) => this.answered(pending, bundle),
        refused: (pending, fault) => this.refused(pending, fault),
        dropped: (pending) => this.dropped(pending),
        changed: () => this.showSaving(),
      },
      keep,
    )
    core.onApplied = (image) => this.settle(image, null)
  }

  // Sends `action` for the image in view after those before it.
  do(action: ImageAction, fill: PendingAction['fill'] = null, request = newRequestId()): Promise<void> {
    const { opened, plane } = this.core.state
    if (!opened || !plane) return Promise.resolve()
    const image = opened.image.id
    const isStep = action.kind === 'undo' || action.kind === 'redo'
    const about = isStep ? this.outbox.counterpart(image, action.kind) : null
    this.refusedOn = null
    this.core.offerNoUndo()
    if (!isStep) this.core.store.set({ undo: action.kind }) // until the answer says what there is
    return this.outbox.push({ image, request, view: plane, action, fill, about })
  }

  undo(): Promise<void> {
    return this.dependencies.consent.changing(() => this.undoUnlessRefused())
  }

  redo(): Promise<void> {
    return this.dependencies.consent.changing(() => this.do({ kind: 'redo' }))
  }

  // Behind an action that was refused there is nothing of it to take back, and what was done before is not meant.
  private undoUnlessRefused(): Promise<void> {
    const isRefused = this.refusedOn !== null && this.refusedOn === this.core.state.opened?.image.id
    this.refusedOn = null
    if (!isRefused) return this.do({ kind: 'undo' })
    this.core.notify(
      'info',
      'The last change was refused, so there is nothing of it to undo: undo again for the one before',
    )
    return Promise.resolve()
  }

  addPoint(point: PromptPoint): Promise<void> {
    return this.prompt((draft) => ({ ...draft, points: [...draft.points, point] }))
  }

  setBox(box: BoxPx): Promise<void> {
    return this.prompt((draft) => ({ ...draft, box }))
  }

  // A new proposal: what the model finds of a class that it has learned. Points and a box correct it.
  findClass(name: string): Promise<void> {
    this.close()
    this.core.select(new Set()) // what was selected stays as it is
    return this.prompt((draft) => ({ ...draft, class: name }))
  }

  // `target`: as paintTarget says. A proposal may be drawn on whatever the image's state.
  draw(paint: Paint, target: PaintTarget | null, drawing: Drawing): Promise<void> {
    const { consent, labels } = this.dependencies
    const act = () => labels.withLabel(() => this.drawNow(paint, target, drawing))
    return target === null || target.on === 'proposal' ? act() : consent.changing(act)
  }

  nextCandidate(step: 1 | -1): Promise<void> {
    const object = this.openObject()
    const count = object?.candidates.length ?? 0
    if (!object || count < 2) return Promise.resolve()
    return this.choose(object.id, ((this.wantedCandidate ?? object.chosen ?? 0) + step + count) % count)
  }

  async choose(proposal: number, candidate: number): Promise<void> {
    if (proposal === this.open?.id) this.wantedCandidate = candidate
    await this.do({ kind: 'choose', proposal, candidate })
  }

  // The proposals in view whose acceptance is under way: they are as good as approved.
  accepting(): ReadonlySet<number> {
    const { opened } = this.core.state
    return opened ? this.outbox.accepting(opened.image.id) : new Set()
  }

  // A click that keeps one proposal of many: the next one begins another selection, so this one stays out of it.
  keep(objects: number[], label: number): Promise<void> {
    const request = newRequestId()
    this.keptByClick.add(request)
    return this.do({ kind: 'accept', objects, label }, null, request)
  }

  // Null when no proposal is open; so too below.
  acceptOpen(label: number): Promise<void> | null {
    const open = this.open
    if (!open) return null
    this.close()
    if (open.id !== null) this.unselect([open.id])
    return this.do({ kind: 'accept', objects: [open.id ?? 0], label }, fillFrom(open, 'objects'))
  }

  rejectOpen(): Promise<void> | null {
    const open = this.open
    if (!open) return null
    this.close()
    return this.do({ kind: 'delete', objects: [open.id ?? 0] }, fillFrom(open, 'objects'))
  }

  unselect(ids: readonly number[]): void {
    const { selected } = this.core.state
    const left = [...selected].filter((id) => !ids.includes(id))
    if (left.length < selected.size) this.core.select(new Set(left))
  }

  // Leaves the open proposal as it is, among the others.
  close(): void {
    this.open = null
    this.wantedCandidate = null
    this.core.store.set({ proposal: null, draft: null })
  }

  // Takes up a proposal again: its prompts go on.
  reopen(object: ImageObject): void {
    const draft = draftOf(object)
    if (!draft) return
    this.open = { id: object.id, from: '' }
    this.forgetPainted()
    this.wantedCandidate = null
    this.core.store.set({ proposal: object.id, draft })
  }

  // The next stroke does not go on with what the last one began.
  forgetPainted(): void {
    this.painted = null
    if (this.core.state.made?.by === 'stroke') this.core.store.set({ made: null })
  }

  private prompt(extend: (draft: Draft) => Draft): Promise<void> {
    const { plane, window, draft, refining, selected, objects } = this.core.state
    if (!plane || !window) return Promise.resolve()
    if (!this.open || !draft || !samePlane(draft.plane, plane)) this.close()
    const next = extend(this.core.state.draft ?? { plane, points: [], box: null })
    const request = newRequestId()
    const earlier = this.open
    const open = earlier ?? { id: null, from: request }
    const refined = refining && !earlier && selected.size === 1 ? objects.get([...selected][0]!) : undefined
    const target = earlier ? this.targetOf(earlier) : refined?.state === 'approved' ? refined.id : null
    this.open = open
    this.targets.set(open, target)
    this.wantedCandidate = null
    this.painted = null
    // Who begins something else is done with what was selected for the change before.
    if (!earlier && target === null) this.core.select(new Set())
    this.core.store.set({ draft: next, predicting: true, made: null })
    const ask = { kind: 'ask', ...next, window: window.name, target, proposal: earlier?.id ?? null } as const
    return this.do(ask, fillFrom(earlier, 'proposal'), request)
  }

  private readonly targets = new WeakMap<Subject, number | null>()

  private targetOf(open: Subject): number | null {
    return this.targets.get(open) ?? this.openObject()?.target ?? null
  }

  private drawNow(paint: Paint, target: PaintTarget | null, drawing: Drawing): Promise<void> {
    const { plane, label, objects } = this.core.state
    if (!plane) return Promise.resolve()
    if (!target) {
      this.core.notify('info', 'Select the object to erase from first')
      return Promise.resolve()
    }
    const subject = this.subjectOf(target)
    if (subject === undefined) {
      this.core.notify('error', 'The object it was drawn on has been closed: nothing has changed')
      return Promise.resolve()
    }
    if (subject?.id && objects.get(subject.id)?.locked) {
      this.core.notify('error', `The object is locked: unlock it (${keyOf('lock')}) to change it`)
      return Promise.resolve()
    }
    const request = newRequestId()
    if (!subject) this.begin(request)
    const on = { plane, object: subject?.id ?? null, label, paint }
    return this.do({ ...drawing, ...on }, fillFrom(subject, 'object'), request)
  }

  private begin(request: string): void {
    this.painted = { id: null, from: request }
    this.core.select(new Set())
    this.core.store.set({ made: { object: null, by: 'stroke' } })
  }

  // Null: a new one. Undefined: it is not there any more.
  private subjectOf(target: PaintTarget): Subject | null | undefined {
    switch (target.on) {
      case 'proposal':
        return this.open ?? undefined
      case 'begun':
        return this.painted ?? undefined
      case 'object':
        return { id: target.object, from: '' }
      case 'new':
        return null
    }
  }

  private openObject(): ImageObject | undefined {
    return this.open?.id ? this.core.state.objects.get(this.open.id) : undefined
  }

  private answered(pending: PendingAction, bundle: Bundle): number | null {
    const { image, view, action } = pending
    const before = this.core.state
    this.core.takeBundle(image, view, bundle, 'part')
    this.dependencies.changed()
    const made = madeBy(action, bundle)
    if (this.core.state.opened?.image.id !== image) return made
    for (const subject of [this.open, this.painted])
      if (subject && subject.from === pending.request && made !== null) subject.id = made
    const isBegun = this.core.state.made?.by === 'stroke' && this.painted?.from === pending.request
    if (isBegun) this.core.store.set({ made: { object: made, by: 'stroke' } })
    if (this.painted?.id && bundle.removed.includes(this.painted.id)) this.forgetPainted()
    if (action.kind === 'accept') {
      this.notifyLeftProposed(action.objects)
      if (!this.keptByClick.delete(pending.request)) this.showAccepted(action.objects, bundle)
    }
    if (action.kind === 'undo' || action.kind === 'redo') this.followUndo(view, bundle)
    this.notifyDone(action, doneText(action, bundle, before))
    this.settle(image, pending)
    return made
  }

  // It can be undone from there as long as nothing has been asked for since.
  private notifyDone(action: ImageAction, text: string | null): void {
    const image = this.core.state.opened?.image.id
    if (text === null || image === undefined || action.kind === 'undo' || action.kind === 'redo') return
    const isLast = this.outbox.pending(image).length <= 1 && this.core.state.undo === action.kind
    this.core.notify('info', text, isLast ? 'offered' : 'none')
  }

  private dropped(pending: PendingAction): void {
    const { action } = pending
    const { kind } = action
    if (kind === 'undo' || kind === 'redo')
      this.core.notify('info', `Nothing to ${kind}: that action changed nothing`)
    else if (isDrawn(action)) this.core.notify('critical', 'What was drawn on it since is lost too')
    this.settle(pending.image, pending)
  }

  private refused(pending: PendingAction, fault: unknown): void {
    if (this.open?.from === pending.request) this.close()
    if (this.painted?.from === pending.request) this.forgetPainted()
    this.wantedCandidate = null
    this.keptByClick.delete(pending.request)
    const isStep = pending.action.kind === 'undo' || pending.action.kind === 'redo'
    this.refusedOn = !isStep && this.outbox.pending(pending.image).length <= 1 ? pending.image : null
    this.core.notify(isDrawn(pending.action) ? 'critical' : 'error', sentence(fault))
    this.core.store.set({ save: { state: 'refused', message: 'The last change was refused' } })
    this.settle(pending.image, pending)
    this.dependencies.refresh()
  }

  // Once every action but `settled` has been answered, the prompts are what the server says.
  private settle(image: number, settled: PendingAction | null): void {
    if (this.core.state.opened?.image.id !== image) return
    const left = this.outbox.pending(image).filter(({ request }) => request !== settled?.request)
    const predicting = left.some(({ action }) => action.kind === 'ask')
    this.core.store.set({ predicting, proposal: this.open?.id ?? null })
    if (!this.open?.id || left.length > 0) return
    const object = this.openObject()
    if (object?.state === 'proposed') this.showPrompts(object)
    else this.close()
  }

  private showPrompts(object: ImageObject): void {
    const draft = draftOf(object)
    if (draft && JSON.stringify(draft) !== JSON.stringify(this.core.state.draft))
      this.core.store.set({ draft })
  }

  // By the rule for overlaps a proposal may have no pixel left: it stays a proposal.
  private notifyLeftProposed(accepted: readonly number[]): void {
    const left = accepted.filter((id) => this.core.state.objects.get(id)?.state === 'proposed').length
    if (left > 0)
      this.core.notify(
        'info',
        `${left} of ${accepted.length} not approved: other objects have all their pixels`,
      )
  }

  // What was accepted is shown, and not selected: the next key or stroke is meant for something else.
  private showAccepted(accepted: readonly number[], bundle: Bundle): void {
    const { selected } = this.core.state
    if (this.open || this.painted || accepted.length !== 1) return
    const approved = bundle.changed.filter(({ state }) => state === 'approved')
    const object =
      approved.find(({ id }) => id === accepted[0]) ?? approved.find(({ id }) => selected.has(id))
    if (object && !selected.has(object.id)) this.core.store.set({ made: { object: object.id, by: 'accept' } })
  }

  // Undoing an acceptance, or doing a prompt again, opens the proposal again.
  private followUndo(view: Plane, bundle: Bundle): void {
    if (this.open) return
    const back = bundle.changed.filter(({ state, prompt }) => state === 'proposed' && prompt !== null)
    if (back.length === 1 && samePlane(back[0]!.plane, view)) this.reopen(back[0]!)
  }

  // What is on the disk, what is on its way there and what waits.
  showSaving(): void {
    const { save, connection } = this.core.state
    const { size, lost } = this.outbox
    if (connection !== 'there' || lost !== null)
      this.core.store.set({ save: { state: 'offline', message: waiting(connection, lost, size) } })
    else if (size > 0) this.core.store.set({ save: { state: 'saving', message: '' } })
    else if (save.state !== 'refused') this.core.store.set({ save: { state: 'saved', message: '' } })
  }
}

function waiting(connection: Connection, lost: string | null, pending: number): string {
  const kept = pending === 0 ? '' : `${pending} ${pending === 1 ? 'change' : 'changes'} kept`
  if (connection === 'lockedOut')
    return ["This page's key is no longer valid", kept].filter(Boolean).join(': ')
  const why = connection === 'lost' || lost === null ? 'Connection lost' : lost
  return kept ? `${why}: ${kept}, trying again` : `${why}: trying again`
}

function draftOf({ plane, prompt }: ImageObject): Draft | null {
  if (!plane || !prompt) return null
  const { points, box, class: name } = prompt
  return { plane, points, box, ...(name !== undefined && { class: name }) }
}

function fillFrom<F extends 'object' | 'objects' | 'proposal'>(subject: Subject | null, field: F) {
  return subject && subject.id === null ? { field, from: subject.from } : null
}

// The object that an action has made: the newest of those it has changed.
function madeBy(action: ImageAction, bundle: Bundle): number | null {
  const makes =
    (action.kind === 'ask' && action.proposal === null) || (isDrawn(action) && action.object === null)
  if (!makes || bundle.changed.length === 0) return null
  return Math.max(...bundle.changed.map(({ id }) => id))
}
