// SPDX-License-Identifier: Apache-2.0
import type { LabelFields, Session, SessionActions, SessionState, Tool } from '../session'
import { brushRadii } from '../session'
import { Client } from '../wire/client'
import type { ImageObject, LabelAction, Plane, Summary } from '../wire/types'
import { ActiveTime } from './active_time'
import { Core, activeLabel } from './core'
import { Editing } from './editing'
import { isAway } from './faults'
import { Jobs } from './jobs'
import type { Keep } from './outbox'
import { samePlane, showing } from './slices'
import { Viewing } from './viewing'
import { Watching, type Channel } from './watching'

export interface SessionSurroundings {
  client: Client
  keep: Keep | null // of this tab
  channel: Channel | null // to the other tabs
  isVisible: () => boolean
  now: () => number // ms
}

const historyLength = 200
const firstTries = 20 // images to look at for one that can be read

export class LiveSession implements Session {
  private readonly core: Core
  private readonly viewing: Viewing
  private readonly editing: Editing
  private readonly jobs: Jobs
  private readonly time: ActiveTime
  private readonly watching: Watching
  readonly getState: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  readonly actions: SessionActions

  constructor(surroundings: SessionSurroundings) {
    const core = new Core(surroundings.client)
    this.core = core
    this.getState = core.store.get
    this.subscribe = core.store.subscribe
    this.viewing = new Viewing(core, () => this.leaveImage())
    this.editing = new Editing(
      core,
      { refresh: () => void this.viewing.refresh(), changed: () => this.noteChange() },
      surroundings.keep,
    )
    this.jobs = new Jobs(core, (image) => this.showProposals(image))
    this.time = new ActiveTime(
      (image, active_ms) => void this.sendTime(image, active_ms),
      surroundings.now,
      surroundings.isVisible,
    )
    this.watching = new Watching(
      core,
      () => void this.viewing.refresh(),
      surroundings.channel,
      surroundings.isVisible,
    )
    core.connected = () => this.followConnection()
    this.actions = this.makeActions()
  }

  // Reads the project and opens `image`, or the first that is not done. Keeps trying while the server does not answer.
  async start(image: number | null): Promise<void> {
    const { core } = this
    for (;;) {
      try {
        const project = await core.client.project()
        core.store.set({ project, label: activeLabel(project, 0) })
        this.watching.start()
        this.editing.outbox.resume()
        if (project.images.some(({ id }) => id === image)) await this.actions.openImage(image!)
        else await this.openFirst(project.images)
        return
      } catch (error) {
        if (!isAway(error)) core.fail(error)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  }

  // The first that is not done and can be read; without one the first.
  private async openFirst(images: readonly Summary[]): Promise<void> {
    const readable = images.filter(({ fault }) => fault === null)
    const order = new Set([...readable.filter(({ status }) => status !== 'done'), ...readable])
    for (const { id } of [...order].slice(0, firstTries)) {
      await this.actions.openImage(id)
      const { image, fault } = this.core.state
      if (image !== id || fault === null) return
    }
    if (images[0]) await this.actions.openImage(images[0].id)
  }

  stop(): void {
    this.watching.stop()
    this.time.leave()
  }

  // The page tells what it sees of the person and of itself.
  noteInput = (): void => this.time.noteInput()
  tick = (): void => this.time.tick()
  leave = (): void => this.time.leave()
  look = (): void => this.watching.look()
  get unsaved(): number {
    return this.editing.outbox.size
  }

  private makeActions(): SessionActions {
    const { core, viewing, editing, jobs } = this
    const { store } = core
    return {
      openImage: (id) => this.openImage(id),
      goTo: (plane) => viewing.goTo(plane),
      setWindow: (window, when) => viewing.setWindow(window, when),
      setTool: (tool) => store.set({ tool }),
      setBrushRadius: (radius) =>
        store.set({ brushRadius: Math.min(Math.max(radius, brushRadii.least), brushRadii.most) }),
      hover: (hovered) => store.set({ hovered }),
      select: (objects, how) => this.select(objects, how),
      selectAll: (of) => this.selectAll(of),
      pick: (object, how) => this.pick(object, how),
      open: (object) => this.open(object),
      addPoint: (point) => editing.addPoint(point),
      setBox: (box) => editing.setBox(box),
      stroke: (paint, radii, points) => this.withLabel(() => editing.stroke(paint, radii, points)),
      lasso: (paint, polygon) => this.withLabel(() => editing.lasso(paint, polygon)),
      nextCandidate: (step) => editing.nextCandidate(step),
      choose: (proposal, candidate) => editing.choose(proposal, candidate),
      accept: () => this.accept(),
      reject: () => this.reject(),
      undoLast: () => editing.do({ kind: 'undo' }),
      redoNext: () => editing.do({ kind: 'redo' }),
      setHidden: (objects, hidden) => this.setHidden(objects, hidden),
      setOpacity: (opacity) => store.set({ opacity: Math.min(Math.max(opacity, 0), 1) }),
      setOutlineOnly: (outline) => store.set({ outlineOnly: outline === 'outline' }),
      setRefining: (refining) => store.set({ refining: refining === 'on' }),
      fit: () => store.set({ fits: core.state.fits + 1 }),
      setLabel: (label) => store.set({ label }),
      approve: (objects, label) => this.approve(objects, label),
      remove: (objects) => this.remove(objects),
      relabel: (objects, label) => this.ofSome(objects, { kind: 'label', objects, label }),
      rename: (object, name) => editing.do({ kind: 'name', object, name }),
      setLocked: (objects, lock) =>
        this.ofSome(objects, { kind: lock === 'locked' ? 'lock' : 'unlock', objects }),
      merge: (objects) => this.merge(objects),
      split: (object) => editing.do({ kind: 'split', object }),
      fillHoles: (objects) => this.fillHoles(objects),
      dropSpecks: (objects, below) => this.ofSome(objects, { kind: 'drop_specks', objects, below }),
      addLabel: (fields) => this.addLabel(fields),
      editLabel: (label, fields) => this.changeLabels({ kind: 'edit_label', label, ...fields }),
      deleteLabel: (label) => this.changeLabels({ kind: 'delete_label', label }),
      setOverlap: (overlap) => this.setOverlap(overlap),
      setDone: (image, done) => this.setDone(image, done),
      everything: (settings) => jobs.everything(settings),
      exportProject: (request) => jobs.exportProject(request),
      stopJob: (job) => jobs.stop(job === 'everything' ? 'job' : 'exporting'),
      showHistory: (shown) => this.showHistory(shown),
      tell: (tone, text) => core.tell(tone, text),
      dismiss: (message) => store.set({ messages: core.state.messages.filter(({ id }) => id !== message) }),
    }
  }

  private async openImage(id: number): Promise<void> {
    this.time.switchTo(id)
    const { history } = this.core.state
    await this.viewing.openImage(id)
    if (history !== null) this.showHistory('shown')
  }

  // What was under way goes on by itself when the server is back; it may have another model or more images by then.
  private followConnection(): void {
    const { connection, project } = this.core.state
    this.editing.showSaving()
    if (connection !== 'there' || !project) return
    this.editing.outbox.retryNow()
    this.viewing.resume()
    void this.readProject()
    if (this.core.state.history !== null) void this.fetchHistory()
  }

  private async readProject(): Promise<void> {
    try {
      this.core.takeProject(await this.core.client.project())
    } catch {
      // Away again: there is a next time.
    }
  }

  private leaveImage(): void {
    this.editing.close()
    this.editing.forgetPainted()
  }

  private noteChange(): void {
    this.watching.tellOthers()
    if (this.core.state.history !== null) void this.fetchHistory()
  }

  private select(ids: readonly number[], how: 'only' | 'toggle'): void {
    const { selected, proposal } = this.core.state
    const next = new Set(how === 'toggle' ? selected : [])
    for (const id of ids) {
      if (how === 'toggle' && next.has(id)) next.delete(id)
      else next.add(id)
    }
    this.editing.forgetPainted()
    if (proposal !== null && !next.has(proposal)) this.editing.close()
    this.core.store.set({ selected: next })
  }

  private selectAll(of: ImageObject['state']): void {
    const accepting = this.editing.accepting()
    const all = [...this.core.state.objects.values()]
    const ids = all.filter(({ id, state }) => state === of && !accepting.has(id)).map(({ id }) => id)
    this.select(ids, 'only')
  }

  private pick(id: number | null, how: 'only' | 'toggle'): void {
    const object = id === null ? undefined : this.core.state.objects.get(id)
    if (how === 'toggle') {
      if (object) this.select([object.id], 'toggle')
    } else if (!object) this.select([], 'only')
    else if (object.state === 'proposed' && object.source === 'everything') void this.keep(object.id)
    else this.open(object.id)
  }

  private async keep(id: number): Promise<void> {
    this.select([], 'only')
    await this.withLabel(() => this.editing.keep([id], this.core.state.label))
  }

  private open(id: number): void {
    const { objects, plane } = this.core.state
    const object = objects.get(id)
    if (!object || !plane) return
    this.select([id], 'only')
    const shown = showing(object, plane)
    if (shown) this.viewing.goTo(shown)
    if (object.state === 'proposed') this.editing.reopen(object)
  }

  private async accept(): Promise<void> {
    const { selected, objects, proposal, draft } = this.core.state
    const accepting = this.editing.accepting()
    const chosen = [...selected].filter((id) => objects.get(id)?.state === 'proposed' && !accepting.has(id))
    const only = chosen.length === 1 ? objects.get(chosen[0]!) : undefined
    if (this.turnTo(draft ? draft.plane : (only?.plane ?? null))) return
    if (draft !== null || proposal !== null)
      await this.withLabel(() => this.editing.acceptOpen(this.core.state.label) ?? Promise.resolve())
    else if (chosen.length > 0) await this.approve(chosen)
    else this.core.tell('info', 'What is selected is approved already: select proposals to accept')
  }

  // Nothing is accepted unseen: goes to the slice of the proposal first, where another one is in view.
  private turnTo(proposed: Plane | null): boolean {
    if (proposed === null || samePlane(proposed, this.core.state.plane)) return false
    this.viewing.goTo(proposed)
    const { axis, slice } = proposed
    this.core.tell('info', `The proposal is on ${axis} slice ${slice + 1}: Enter again accepts it`)
    return true
  }

  private async reject(): Promise<void> {
    const rejected = this.editing.rejectOpen()
    if (rejected) return rejected
    this.select([], 'only')
  }

  private async approve(ids: readonly number[], label?: number): Promise<void> {
    if (ids.length === 0) return
    const { proposal } = this.core.state
    if (proposal !== null && ids.includes(proposal)) this.editing.close()
    await this.withLabel(() =>
      this.editing.do({
        kind: 'accept',
        objects: inOrder(ids, this.core.state),
        label: label ?? this.core.state.label,
      }),
    )
  }

  private async remove(ids: readonly number[]): Promise<void> {
    const { objects, proposal } = this.core.state
    const accepting = this.editing.accepting()
    const left = ids.filter((id) => !accepting.has(id) || objects.get(id)?.state !== 'proposed')
    if (left.length < ids.length) this.core.tell('info', 'What is being approved is not deleted')
    const open = left.filter((id) => objects.get(id)?.locked === false)
    if (open.length < left.length)
      this.core.tell('info', 'Locked objects stay: unlock them (K) to delete them')
    if (open.length === 0) return
    if (proposal !== null && open.includes(proposal)) this.editing.close()
    await this.editing.do({ kind: 'delete', objects: open })
  }

  private merge(ids: readonly number[]): Promise<void> {
    const approved = this.approvedOf(ids)
    if (approved.length < 2) {
      this.core.tell('info', 'Select two or more approved objects to merge')
      return Promise.resolve()
    }
    const objects = approved.map(({ id }) => id)
    this.core.store.set({ selected: new Set([objects[0]!]) })
    return this.editing.do({ kind: 'merge', objects })
  }

  private fillHoles(objects: number[]): Promise<void> {
    const axis = this.core.state.plane?.axis
    return axis ? this.ofSome(objects, { kind: 'fill_holes', objects, axis }) : Promise.resolve()
  }

  private approvedOf(ids: readonly number[]): ImageObject[] {
    const { objects } = this.core.state
    return ids.flatMap((id) => objects.get(id) ?? []).filter(({ state }) => state === 'approved')
  }

  private ofSome(objects: readonly number[], action: Parameters<Editing['do']>[0]): Promise<void> {
    return objects.length > 0 ? this.editing.do(action) : Promise.resolve()
  }

  // What is approved carries a label: where a project has none yet, it gets one.
  private async withLabel(act: () => Promise<void>): Promise<void> {
    if (this.core.state.project?.labels.length === 0) await this.addLabel({ name: 'object' })
    await act()
  }

  private async addLabel(fields: LabelFields): Promise<void> {
    const known = new Set(this.core.state.project?.labels.map(({ id }) => id))
    await this.changeLabels({ kind: 'add_label', ...fields })
    const added = this.core.state.project?.labels.find(({ id }) => !known.has(id))
    if (added) this.core.store.set({ label: added.id })
  }

  private async changeLabels(action: LabelAction): Promise<void> {
    try {
      const { labels } = await this.core.client.changeLabels(action)
      this.core.takeProject({ labels })
      this.watching.tellOthers()
    } catch (error) {
      this.core.fail(error)
    }
  }

  // Shown at once, as the choice that it is; taken back if the server refuses.
  private async setOverlap(overlap: NonNullable<SessionState['project']>['overlap']): Promise<void> {
    const before = this.core.state.project?.overlap
    this.core.takeProject({ overlap })
    try {
      this.core.takeProject({ overlap: (await this.core.client.setOverlap(overlap)).overlap })
      this.watching.tellOthers()
    } catch (error) {
      if (before) this.core.takeProject({ overlap: before })
      this.core.fail(error)
    }
  }

  private async setDone(image: number, done: 'done' | 'open'): Promise<void> {
    try {
      this.core.takeSummaries([(await this.core.client.progress(image, { done: done === 'done' })).image])
      this.watching.tellOthers()
    } catch (error) {
      this.core.fail(error)
    }
  }

  private async sendTime(image: number, active_ms: number): Promise<void> {
    try {
      this.core.takeSummaries([(await this.core.client.progress(image, { active_ms })).image])
    } catch {
      // The poll for changes says that the server is away; these seconds are not worth more.
    }
  }

  private setHidden(ids: readonly number[], how: 'hidden' | 'shown'): void {
    const hidden = new Set(this.core.state.hidden)
    for (const id of ids) {
      if (how === 'hidden') hidden.add(id)
      else hidden.delete(id)
    }
    this.core.store.set({ hidden })
  }

  // A person who is in the middle of a proposal of their own goes on with it.
  private async showProposals(image: number): Promise<void> {
    this.watching.tellOthers()
    if (this.core.state.opened?.image.id !== image) return
    await this.viewing.refresh()
    const { draft, proposal, opened } = this.core.state
    if (draft !== null || proposal !== null || opened?.image.id !== image) return
    const tool: Tool = 'select'
    this.core.store.set({ tool, selected: new Set() })
  }

  private showHistory(shown: 'shown' | 'hidden'): void {
    if (shown === 'hidden') this.core.store.set({ history: null })
    else {
      this.core.store.set({ history: this.core.state.history ?? [] })
      void this.fetchHistory()
    }
  }

  private async fetchHistory(): Promise<void> {
    const image = this.core.state.opened?.image.id
    if (image === undefined) return
    try {
      const { events } = await this.core.client.history(image, historyLength)
      if (this.core.state.history !== null && this.core.state.opened?.image.id === image)
        this.core.store.set({ history: events })
    } catch (error) {
      if (!isAway(error)) this.core.fail(error)
    }
  }
}

// Several proposals are accepted in the order in which small ones within large ones come out as objects.
function inOrder(ids: readonly number[], { objects, project }: SessionState): number[] {
  const area = (id: number) => objects.get(id)?.area ?? 0
  const first = project?.overlap === 'overwrite' ? -1 : 1
  return [...ids].sort((a, b) => first * (area(a) - area(b)))
}
