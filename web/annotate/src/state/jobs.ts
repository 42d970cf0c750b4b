// SPDX-License-Identifier: Apache-2.0
import type { EverythingSettings, ExportRequest } from '../session'
import type { EverythingResult, ExportedResult, Job } from '../wire/types'
import type { Core } from './core'
import { isLost, isNotFound } from './faults'

const pollMs = 300

// Of a job that its server took with it.
const cutOff = {
  job: 'Everything was cut off, as the server was started anew: ask for it again',
  exporting: 'The export was cut off, as the server was started anew: export again',
}

// Everything and exporting: the server works, the page follows.
export class Jobs {
  constructor(
    private readonly core: Core,
    private readonly proposed: (image: number) => void, // Everything has made proposals
  ) {}

  async everything(settings: EverythingSettings): Promise<void> {
    const { opened, plane, window, job } = this.core.state
    if (!opened || !plane || !window || (job && isUnderWay(job))) return
    const image = opened.image.id
    const start = () => this.core.client.everything(image, { plane, window: window.name, ...settings })
    this.core.store.set({ jobImage: image })
    const end = await this.follow('job', start)
    this.core.store.set({ job: null, jobImage: null })
    if (end?.state !== 'done') return
    const { proposals } = end.result as EverythingResult
    this.proposed(image)
    this.core.tell(
      'info',
      proposals === 0
        ? 'Everything found nothing to propose on this picture'
        : `${proposals} ${proposals === 1 ? 'proposal' : 'proposals'}: click one to keep it, Shift-click to select several`,
    )
  }

  async exportProject(request: ExportRequest): Promise<void> {
    const { exporting } = this.core.state
    if (exporting && isUnderWay(exporting)) return
    const end = await this.follow('exporting', () => this.core.client.exportProject(request))
    if (end?.state !== 'done') return
    const { files } = end.result as ExportedResult
    this.core.tell('info', `Exported ${files} ${files === 1 ? 'file' : 'files'}`)
  }

  async stop(which: 'job' | 'exporting'): Promise<void> {
    const job = this.core.state[which]
    if (!job) return
    try {
      await this.core.client.stopJob(job.job)
    } catch (error) {
      this.core.fail(error)
    }
  }

  private async follow(which: 'job' | 'exporting', start: () => Promise<Job>): Promise<Job | null> {
    try {
      let job = await start()
      for (let lost = 0; ; ) {
        this.core.store.set({ [which]: job })
        if (!isUnderWay(job)) break
        await new Promise((resolve) => setTimeout(resolve, pollMs))
        try {
          job = await this.core.client.job(job.job)
          lost = 0
        } catch (error) {
          if (isNotFound(error)) job = { ...job, state: 'failed', message: cutOff[which] }
          else if (!isLost(error, lost++)) throw error
        }
      }
      if (job.state === 'failed') this.core.tell('critical', job.message || 'The job has failed')
      return job
    } catch (error) {
      this.core.store.set({ [which]: null })
      this.core.fail(error)
      return null
    }
  }
}

export function isUnderWay(job: Job): boolean {
  return job.state === 'waiting' || job.state === 'running'
}
