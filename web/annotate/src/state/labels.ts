// SPDX-License-Identifier: Apache-2.0
import type { LabelAction } from '../wire/types'
import type { Core } from './core'
import type { LabelFields } from './session_state'

interface LabelHooks {
  switched(): void // another label is the active one
  changed(): void // other tabs should look
}

// The labels of the project, of which one is active: what is approved or drawn next gets it.
export class Labels {
  constructor(
    private readonly core: Core,
    private readonly hooks: LabelHooks,
  ) {}

  activate(label: number): void {
    if (label !== this.core.state.label) this.hooks.switched()
    this.core.store.set({ label })
  }

  async add(fields: LabelFields): Promise<void> {
    const known = new Set(this.core.state.project?.labels.map(({ id }) => id))
    await this.change({ kind: 'add_label', ...fields })
    const added = this.core.state.project?.labels.find(({ id }) => !known.has(id))
    if (added) this.activate(added.id)
  }

  edit(label: number, fields: Partial<LabelFields>): Promise<void> {
    return this.change({ kind: 'edit_label', label, ...fields })
  }

  remove(label: number): Promise<void> {
    return this.change({ kind: 'delete_label', label })
  }

  // What is approved carries a label: a project that has none yet gets one before `act`.
  async withLabel(act: () => Promise<void>): Promise<void> {
    const { image } = this.core.state
    if (this.core.state.project?.labels.length === 0) await this.add({ name: 'object' })
    if (this.core.state.image === image) await act()
  }

  private async change(action: LabelAction): Promise<void> {
    try {
      const { labels } = await this.core.client.changeLabels(action)
      this.core.takeProject({ labels })
      this.hooks.changed()
    } catch (error) {
      this.core.fail(error)
    }
  }
}
