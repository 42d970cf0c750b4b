// SPDX-License-Identifier: Apache-2.0
import type { Core } from './core'

export type Channel = Pick<BroadcastChannel, 'postMessage' | 'onmessage'>

const requestTimeoutMs = 15_000 // with an answer: a tunnel that has died says nothing

// Asks every second, while the page is visible, what has changed in the project; other tabs of this browser say so at
// once.
export class ChangePoller {
  private timer: ReturnType<typeof setTimeout> | undefined
  private asking = false
  private again = false
  private since: number
  private seen = 0 // revision of the image in view

  constructor(
    private readonly core: Core,
    private readonly imageChanged: () => void, // the one in view
    private readonly channel: Channel | null,
    private readonly isVisible: () => boolean,
    private readonly everyMs = 1000,
  ) {
    this.since = core.state.project?.revision ?? 0
    if (channel) channel.onmessage = () => this.look()
  }

  start(): void {
    this.timer = setTimeout(() => {
      if (this.isVisible()) this.look()
      this.start()
    }, this.everyMs)
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  notifyOtherTabs(): void {
    this.channel?.postMessage('changed')
  }

  look(): void {
    this.again = true
    if (!this.asking) void this.ask()
  }

  private async ask(): Promise<void> {
    this.asking = true
    try {
      while (this.again) {
        this.again = false
        await this.askOnce()
      }
    } finally {
      this.asking = false
    }
  }

  private async askOnce(): Promise<void> {
    const { core } = this
    try {
      const changes = await core.client.changes(this.since, AbortSignal.timeout(requestTimeoutMs))
      this.since = Math.max(this.since, changes.revision)
      core.takeProject({
        revision: changes.revision,
        overlap: changes.overlap,
        model: changes.model,
        ...(changes.labels && { labels: changes.labels }),
      })
      core.takeSummaries(changes.images)
      const shown = core.state.opened?.image.id
      const summary = changes.images.find(({ id }) => id === shown)
      if (summary && summary.revision !== this.seen) {
        this.seen = summary.revision
        this.imageChanged()
      }
    } catch {
      // The client tells the session that the server is away; a second later it is asked again.
    }
  }
}
