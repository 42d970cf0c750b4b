// SPDX-License-Identifier: Apache-2.0
import type { EverythingSettings } from './session_state'
import type { EverythingResult, ExportedResult, ExportRequest, Job, WireMask } from '../wire/types'
import type { Core } from './core'
import { isLost, isNotFound } from './faults'

const pollMs = 300

type Followed = 'job' | 'exporting' | 'training'

// The message of a job that was lost when its server ended.
const interrupted: Record<Followed, string> = {
  job: 'Everything was interrupted because the server restarted: run it again',
  exporting: 'The export was interrupted because the server restarted: export again',
  training: 'The training was interrupted because the server restarted: go on with it under Train',
}

// What the server works on for some time: the page follows.
export class Jobs {
  constructor(
    private readonly core: Core,
    private readonly proposed: (image: number) => Promise<void>, // shows what Everything has made
  ) {}

  async everything(settings: EverythingSettings): Promise<void> {
    const { opened, plane, window, job } = this.core.state
    if (!opened || !plane || !window || (job && isUnderWay(job))) return
    const image = opened.image.id
    const start = () => this.core.client.everything(image, { plane, window: window.name, ...settings })
    this.core.store.set({ jobImage: image, preview: { image, plane, masks: [] } })
    const previews = new Previews(this.core)
    const end = await this.follow('job', start, (job) => previews.follow(job))
    this.core.store.set({ job: null, jobImage: null })
    if (end?.state === 'done') await this.proposed(image)
    this.core.store.set({ preview: null })
    if (end?.state === 'done') this.notifyProposals(image, (end.result as EverythingResult).proposals)
  }

  private notifyProposals(image: number, proposals: number): void {
    const { opened, project } = this.core.state
    const inView = opened?.image.id === image
    const name = project?.images.find(({ id }) => id === image)?.name
    const where = inView || !name ? '' : ` in ${name}`
    const how = inView ? ': click one to keep it, Shift-click to select several' : ''
    this.core.notify(
      'info',
      proposals === 0
        ? `Everything found nothing to propose${where || ' in this picture'}`
        : `${proposals} ${proposals === 1 ? 'proposal' : 'proposals'}${where}${how}`,
    )
  }

  async exportProject(request: ExportRequest): Promise<void> {
    const { exporting } = this.core.state
    if (exporting && isUnderWay(exporting)) return
    const end = await this.follow('exporting', () => this.core.client.exportProject(request))
    if (end?.state !== 'done') return
    const { files } = end.result as ExportedResult
    this.core.notify('info', `Exported ${files} ${files === 1 ? 'file' : 'files'}`)
  }

  async stop(which: Followed): Promise<void> {
    const job = this.core.state[which]
    if (!job) return
    try {
      await this.core.client.stopJob(job.job)
    } catch (error) {
      this.core.fail(error)
    }
  }

  // To its end; null: it could not be started or followed.
  async follow(
    which: Followed,
    start: () => Promise<Job>,
    look: (job: Job) => Promise<void> = () => Promise.resolve(),
  ): Promise<Job | null> {
    try {
      let job = await start()
      for (let lost = 0; ; ) {
        this.core.store.set({ [which]: job })
        if (!isUnderWay(job)) break
        await look(job)
        await new Promise((resolve) => setTimeout(resolve, pollMs))
        try {
          job = await this.core.client.job(job.job)
          lost = 0
        } catch (error) {
          if (isNotFound(error)) job = { ...job, state: 'failed', message: interrupted[which] }
          else if (!isLost(error, lost++)) throw error
        }
      }
      if (job.state === 'failed') this.core.notify('critical', job.message || 'The job has failed')
      return job
    } catch (error) {
      this.core.store.set({ [which]: null })
      this.core.fail(error)
      return null
    }
  }
}

// The masks that a job has found so far.
class Previews {
  private seen = 0
  private known = new Map<number, WireMask>()

  constructor(private readonly core: Core) {}

  async follow({ job, preview }: Job): Promise<void> {
    const shown = this.core.state.preview
    if (preview === this.seen || !shown) return
    try {
      // A mask that is known stays the same value: what has been drawn of it is kept.
      const found = await this.core.client.preview(job)
      const masks = found.map((mask) => this.known.get(mask.object) ?? mask)
      this.seen = preview
      // After the job's end there is none; what was shown stays until the proposals are there.
      if (masks.length === 0 && preview > 0) return
      this.known = new Map(masks.map((mask) => [mask.object, mask]))
      this.core.store.set({ preview: { ...shown, masks } })
    } catch {
      // The job itself is asked for next, and tells.
    }
  }
}

export function isUnderWay(job: Job): boolean {
  return job.state === 'waiting' || job.state === 'running'
}
