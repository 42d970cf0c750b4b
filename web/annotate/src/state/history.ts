// SPDX-License-Identifier: Apache-2.0
import type { Core } from './core'
import { isAway } from './faults'

const maxEvents = 200

// What has been done on the image in view, while somebody looks at it.
export class History {
  constructor(private readonly core: Core) {}

  show(how: 'shown' | 'hidden'): void {
    this.core.store.set({ history: how === 'hidden' ? null : (this.core.state.history ?? []) })
    void this.refresh()
  }

  async refresh(): Promise<void> {
    const image = this.core.state.opened?.image.id
    if (image === undefined || this.core.state.history === null) return
    try {
      const { events } = await this.core.client.history(image, maxEvents)
      if (this.core.state.history !== null && this.core.state.opened?.image.id === image)
        this.core.store.set({ history: events })
    } catch (error) {
      if (!isAway(error)) this.core.fail(error)
    }
  }
}
