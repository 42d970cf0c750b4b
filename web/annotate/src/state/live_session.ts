// SPDX-License-Identifier: Apache-2.0
import type { LabelFields, PaintTarget, Session, SessionActions, SessionState, Tool } from '../session'
import { brushRadii } from '../session'
import { Client } from '../wire/client'
import type { LabelAction, Summary } from '../wire/types'
import { ActiveTime } from './active_time'
import { Core, activeLabel } from './core'
import { Editing } from './editing'
import { isAway } from './faults'
import { Jobs } from './jobs'
import { Consent } from './consent'
import { ObjectActions } from './object_actions'
import type { KeyValueStore } from './outbox'
import { nowhere, paintTarget } from './painting'
import { ImageNavigator } from './image_navigator'
import { ChangePoller, type Channel } from './change_poller'

export interface SessionDependencies {
  client: Client
  identify: () => Promise<string> // whose undo this page's is
  keep: KeyValueStore | null // of this tab
  channel: Channel | null // to the other tabs
  isVisible: () => boolean
  now: () => number // ms
}

const historyLength = 200
const firstTries = 20 // images to look at for one that can be read

export class LiveSession implements Session {
  private readonly core: Core
  private readonly viewing: ImageNavigator
  private readonly editing: Editing
  private readonly consent: Consent
  private readonly objects: ObjectActions
  private readonly jobs: Jobs
  private readonly time: ActiveTime
  private readonly watching: ChangePoller
  readonly getState: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  readonly actions: SessionActions

  constructor(private readonly dependencies: SessionDependencies) {
    const core = new Core(dependencies.client)
    this.core = core
    this.getState = core.store.get
    this.subscribe = core.store.subscribe
    this.viewing = new ImageNavigator(core, () => this.leaveImage())
    this.editing = new Editing(
      core,
      { refresh: () => void this.viewing.refresh(), changed: () => this.noteChange() },
      dependencies.keep,
    )
    this.consent = new Consent(core, (image) => this.setDone(image, 'open'))
    this.objects = new ObjectActions(core, this.editing, this.consent, {
      goTo: (plane) => this.viewing.goTo(plane),
      withLabel: (act) => this.withLabel(act),
    })
    this.jobs = new Jobs(core, (image) => this.showProposals(image))
    this.time = new ActiveTime(
      (image, active_ms) => void this.sendTime(image, active_ms),
      dependencies.now,
      dependencies.isVisible,
    )
    this.watching = new ChangePoller(
      core,
      () => void this.viewing.refresh(),
      dependencies.channel,
      dependencies.isVisible,
    )
    core.onConnectionChange = () => this.followConnection()
    this.actions = this.makeActions()
  }

  // Reads the project and opens `image`, or the first that is not done. Keeps trying while the server does not answer.
  async start(image: number | null): Promise<void> {
    const { core } = this
    core.client.id = await this.dependencies.identify()
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
    const { core, viewing, editing, jobs, objects } = this
    const { store } = core
    return {
      openImage: (id) => this.openImage(id),
      goTo: (plane) => viewing.goTo(plane),
      setWindow: (window, when) => viewing.setWindow(window, when),
      setTool: (tool) => store.set({ tool }),
      setBrushRadius: (radius) =>
        store.set({ brushRadius: Math.min(Math.max(radius, brushRadii.min), brushRadii.max) }),
      hover: (hovered) => store.set({ hovered }),
      select: (ids, how) => objects.select(ids, how),
      selectAll: (of) => objects.selectAll(of),
      pick: (object, how) => objects.pick(object, how),
      open: (object) => objects.open(object),
      addPoint: (point) => editing.addPoint(point),
      setBox: (box) => editing.setBox(box),
      stroke: (paint, radii, points, target = paintTarget(core.state, paint, nowhere)) =>
        this.draw(target, () => editing.stroke(paint, radii, points, target)),
      lasso: (paint, polygon, target = paintTarget(core.state, paint, nowhere)) =>
        this.draw(target, () => editing.lasso(paint, polygon, target)),
      nextCandidate: (step) => editing.nextCandidate(step),
      choose: (proposal, candidate) => editing.choose(proposal, candidate),
      accept: () => objects.accept(),
      reject: () => objects.reject(),
      undoLast: () => this.consent.changing(() => editing.undo()),
      redoNext: () => objects.do({ kind: 'redo' }),
      setHidden: (ids, hidden) => this.setHidden(ids, hidden),
      setOpacity: (opacity) => store.set({ opacity: Math.min(Math.max(opacity, 0), 1) }),
      setOutlineOnly: (outline) => store.set({ outlineOnly: outline === 'outline' }),
      setRefining: (refining) => objects.setRefining(refining),
      fit: () => store.set({ fitRequests: core.state.fitRequests + 1 }),
      chooseLabel: (label) => objects.chooseLabel(label),
      approve: (ids, label) => objects.approve(ids, label),
      remove: (ids) => objects.remove(ids),
      relabel: (ids, label) => objects.relabel(ids, label),
      rename: (object, name) => objects.do({ kind: 'name', object, name }),
      setLocked: (ids, lock) => objects.setLocked(ids, lock),
      merge: (ids) => objects.merge(ids),
      split: (object) => objects.do({ kind: 'split', object }),
      fillHoles: (ids) => objects.fillHoles(ids),
      dropSpecks: (ids, below) => objects.dropSpecks(ids, below),
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
      answer: (choice) => core.answer(choice),
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
    this.core.answer(null)
    this.editing.close()
    this.editing.forgetPainted()
  }

  private noteChange(): void {
    this.watching.notifyOtherTabs()
    if (this.core.state.history !== null) void this.fetchHistory()
  }

  // A proposal may be painted on whatever the image's state.
  private draw(target: PaintTarget | null, stroke: () => Promise<void>): Promise<void> {
    const act = () => this.withLabel(stroke)
    return target === null || target.on === 'proposal' ? act() : this.consent.changing(act)
  }

  // What is approved carries a label: where a project has none yet, it gets one.
  private async withLabel(act: () => Promise<void>): Promise<void> {
    const { image } = this.core.state
    if (this.core.state.project?.labels.length === 0) await this.addLabel({ name: 'object' })
    if (this.core.state.image === image) await act()
  }

  private async addLabel(fields: LabelFields): Promise<void> {
    const known = new Set(this.core.state.project?.labels.map(({ id }) => id))
    await this.changeLabels({ kind: 'add_label', ...fields })
    const added = this.core.state.project?.labels.find(({ id }) => !known.has(id))
    if (added) this.objects.activate(added.id)
  }

  private async changeLabels(action: LabelAction): Promise<void> {
    try {
      const { labels } = await this.core.client.changeLabels(action)
      this.core.takeProject({ labels })
      this.watching.notifyOtherTabs()
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
      this.watching.notifyOtherTabs()
    } catch (error) {
      if (before) this.core.takeProject({ overlap: before })
      this.core.fail(error)
    }
  }

  private async setDone(image: number, done: 'done' | 'open'): Promise<void> {
    try {
      this.core.takeSummaries([(await this.core.client.progress(image, { done: done === 'done' })).image])
      this.watching.notifyOtherTabs()
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
    this.watching.notifyOtherTabs()
    if (this.core.state.opened?.image.id !== image) return
    await this.viewing.refresh()
    const { draft, proposal, opened } = this.core.state
    if (draft !== null || proposal !== null || opened?.image.id !== image) return
    const tool: Tool = 'select'
    this.objects.select([], 'only')
    this.core.store.set({ tool })
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
