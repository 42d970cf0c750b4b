// SPDX-License-Identifier: Apache-2.0
import type { Client } from '../wire/client'
import type { Overlap, Summary } from '../wire/types'
import { ActiveTime } from './active_time'
import { ChangePoller, type Channel } from './change_poller'
import { Consent } from './consent'
import { Core, activeLabel } from './core'
import { Display } from './display'
import { Editing } from './editing'
import { isAway } from './faults'
import { History } from './history'
import { ImageNavigator } from './image_navigator'
import { Jobs } from './jobs'
import { Labels } from './labels'
import { ObjectActions } from './object_actions'
import type { KeyValueStore } from './outbox'
import type { SessionState } from './session_state'
import { Trainings } from './trainings'

export interface SessionDependencies {
  client: Client
  identify: () => Promise<string> // whose undo this page's is
  keep: KeyValueStore | null // of this tab
  channel: Channel | null // to the other tabs
  isVisible: () => boolean
  now: () => number // ms
}

const firstTries = 20 // images to look at for one that can be read

// The page's state and everything that a person does to it, by subject. What changes the project returns when the server has
// acknowledged it, and reports failures through `save` and a message: nothing throws.
export class Session {
  readonly core: Core
  readonly navigator: ImageNavigator
  readonly display: Display
  readonly labels: Labels
  readonly editing: Editing
  readonly objects: ObjectActions
  readonly jobs: Jobs
  readonly trainings: Trainings
  readonly history: History
  readonly time: ActiveTime
  readonly poller: ChangePoller
  readonly getState: () => SessionState
  readonly subscribe: (listener: () => void) => () => void

  constructor(private readonly dependencies: SessionDependencies) {
    const { client, keep, channel, isVisible, now } = dependencies
    const core = (this.core = new Core(client))
    this.getState = core.store.get
    this.subscribe = core.store.subscribe
    const refresh = () => void this.navigator.refresh()
    this.navigator = new ImageNavigator(core, () => this.leaveImage())
    this.display = new Display(core)
    this.history = new History(core)
    const consent = new Consent(core, (image) => this.setDone(image, 'reopened'))
    this.labels = new Labels(core, {
      switched: () => this.editing.forgetPainted(),
      changed: () => this.poller.notifyOtherTabs(),
    })
    this.editing = new Editing({
      ...{ core, consent, labels: this.labels, keep, refresh },
      changed: () => this.noteChange(),
    })
    this.objects = new ObjectActions(core, this.editing, consent, this.labels, this.navigator)
    this.jobs = new Jobs(core, (image) => this.showProposals(image))
    this.trainings = new Trainings(core, this.jobs, {
      changed: () => this.poller.notifyOtherTabs(),
      modelChanged: () => {
        this.navigator.resume()
        void this.history.refresh()
      },
    })
    this.time = new ActiveTime((image, active_ms) => void this.sendTime(image, active_ms), now, isVisible)
    this.poller = new ChangePoller(core, refresh, channel, isVisible)
    core.onConnectionChange = () => this.followConnection()
  }

  // Reads the project and opens `image`, or the first that is not done. Keeps trying while the server does not answer.
  async start(image: number | null): Promise<void> {
    const { core } = this
    core.client.id = await this.dependencies.identify()
    for (;;) {
      try {
        const project = await core.client.project()
        core.store.set({ project, label: activeLabel(project, 0) })
        this.poller.start()
        this.editing.outbox.resume()
        void this.trainings.takeUp()
        if (project.images.some(({ id }) => id === image)) await this.openImage(image!)
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
      await this.openImage(id)
      const { image, fault } = this.core.state
      if (image !== id || fault === null) return
    }
    if (images[0]) await this.openImage(images[0].id)
  }

  stop(): void {
    this.poller.stop()
    this.time.leave()
  }

  get unsaved(): number {
    return this.editing.outbox.size
  }

  async openImage(id: number): Promise<void> {
    this.time.switchTo(id)
    const { history } = this.core.state
    await this.navigator.openImage(id)
    if (history !== null) this.history.show('shown')
  }

  // Shown at once, as the choice that it is; taken back if the server refuses.
  async setOverlap(overlap: Overlap): Promise<void> {
    const before = this.core.state.project?.overlap
    this.core.takeProject({ overlap })
    try {
      this.core.takeProject({ overlap: (await this.core.client.setOverlap(overlap)).overlap })
      this.poller.notifyOtherTabs()
    } catch (error) {
      if (before) this.core.takeProject({ overlap: before })
      this.core.fail(error)
    }
  }

  async setDone(image: number, done: 'done' | 'reopened'): Promise<void> {
    try {
      this.core.takeSummaries([(await this.core.client.progress(image, { done: done === 'done' })).image])
      this.poller.notifyOtherTabs()
    } catch (error) {
      this.core.fail(error)
    }
  }

  // What was under way goes on by itself when the server is back; it may have another model or more images by then.
  private followConnection(): void {
    const { connection, project } = this.core.state
    this.editing.showSaving()
    if (connection !== 'there' || !project) return
    this.editing.outbox.retryNow()
    this.navigator.resume()
    void this.readProject()
    void this.history.refresh()
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
    this.poller.notifyOtherTabs()
    void this.history.refresh()
  }

  private async sendTime(image: number, active_ms: number): Promise<void> {
    try {
      this.core.takeSummaries([(await this.core.client.progress(image, { active_ms })).image])
    } catch {
      // The poll for changes says that the server is away; these seconds are not worth more.
    }
  }

  // A person who is in the middle of a proposal of their own goes on with it.
  private async showProposals(image: number): Promise<void> {
    this.poller.notifyOtherTabs()
    if (this.core.state.opened?.image.id !== image) return
    await this.navigator.refresh()
    const { draft, proposal, opened } = this.core.state
    if (draft !== null || proposal !== null || opened?.image.id !== image) return
    this.objects.select([], 'only')
    this.display.setTool('select')
  }
}
