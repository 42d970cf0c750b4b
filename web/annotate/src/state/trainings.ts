// SPDX-License-Identifier: Apache-2.0
import type { Plane, TrainingRequest } from '../wire/types'
import type { Core } from './core'
import { isAway } from './faults'
import { isUnderWay, type Jobs } from './jobs'
import type { Draft, ShownWeights } from './session_state'
import { samePlane } from './slices'

interface TrainingHooks {
  changed(): void // other tabs should look
  modelChanged(): void // another one answers from now on
}

// What is drawn after which: old, new, both.
const nextShown: Record<ShownWeights, ShownWeights> = { old: 'new', new: 'both', both: 'old' }

// Training on what is approved, comparing what comes of it, and choosing whose answers are wanted.
export class Trainings {
  private compared: Draft | null = null // what has been asked last

  constructor(
    private readonly core: Core,
    private readonly jobs: Jobs,
    private readonly hooks: TrainingHooks,
  ) {
    core.store.subscribe(() => this.followDraft())
  }

  async read(): Promise<void> {
    try {
      this.core.store.set({ trainings: await this.core.client.trainings() })
    } catch (error) {
      if (!isAway(error)) this.core.fail(error)
    }
  }

  // Takes up one that was started before this page was opened.
  async takeUp(): Promise<void> {
    try {
      const { jobs } = await this.core.client.jobs()
      const job = jobs.findLast(({ kind }) => kind === 'training')
      if (job && isUnderWay(job)) await this.follow(() => Promise.resolve(job))
    } catch (error) {
      if (!isAway(error)) this.core.fail(error)
    }
  }

  async start(request: TrainingRequest): Promise<void> {
    const { training } = this.core.state
    if (training && isUnderWay(training)) return
    await this.follow(() => this.core.client.train(request))
  }

  stop(): Promise<void> {
    return this.jobs.stop('training')
  }

  async choose(training: number | null): Promise<void> {
    try {
      this.core.takeProject({ model: await this.core.client.chooseModel(training) })
      this.hooks.modelChanged()
      this.hooks.changed()
    } catch (error) {
      this.core.fail(error)
    }
  }

  // Answers the open prompts, and those that come, with the weights of a training beside those before it; null: no more.
  compare(training: number | null): void {
    this.compared = null
    this.core.store.set({
      comparing: training === null ? null : { training, shown: 'both', plane: null, masks: null },
    })
  }

  show(shown: ShownWeights): void {
    const { comparing } = this.core.state
    if (comparing) this.core.store.set({ comparing: { ...comparing, shown } })
  }

  showNext(): void {
    const { comparing } = this.core.state
    if (comparing) this.show(nextShown[comparing.shown])
  }

  private async follow(start: Parameters<Jobs['follow']>[1]): Promise<void> {
    const end = await this.jobs.follow('training', async () => {
      const job = await start()
      void this.read() // it is among them now
      return job
    })
    await this.read()
    if (end?.state === 'done')
      this.core.notify('info', 'The training is done: see what it brought under Train')
  }

  private followDraft(): void {
    const { comparing, draft } = this.core.state
    if (!comparing || draft === this.compared) return
    this.compared = draft
    if (draft === null || (draft.points.length === 0 && !draft.box)) {
      if (comparing.masks) this.core.store.set({ comparing: { ...comparing, plane: null, masks: null } })
    } else void this.ask(draft, comparing.training)
  }

  private async ask(draft: Draft, training: number): Promise<void> {
    const { core } = this
    const { opened, window } = core.state
    if (!opened || !window) return
    const { plane, points, box } = draft
    try {
      const image = opened.image.id
      const [before, after] = await core.client.compare(image, {
        ...{ training, plane, points, box, window: window.name },
      })
      const now = core.state.comparing
      if (draft !== this.compared || now?.training !== training || !before || !after) return
      core.store.set({ comparing: { ...now, plane, masks: { old: before, new: after } } })
    } catch (error) {
      if (!isAway(error)) core.fail(error)
    }
  }
}

export function isCompared(comparing: { plane: Plane | null } | null, plane: Plane | null): boolean {
  return !!comparing?.plane && samePlane(comparing.plane, plane)
}
