// SPDX-License-Identifier: Apache-2.0
import type { Core } from './core'
import { minBrushRadius, type SessionState } from './session_state'

// The tool in hand, and how the picture and its masks are shown. Nothing of it concerns the project.
export class Display {
  constructor(private readonly core: Core) {}

  setTool(tool: SessionState['tool']): void {
    this.core.store.set({ tool })
  }

  setBrushRadius(radius: number): void {
    const max = this.core.state.project?.limits.max_brush_radius ?? radius
    this.core.store.set({ brushRadius: Math.min(Math.max(radius, minBrushRadius), max) })
  }

  setOpacity(opacity: number): void {
    this.core.store.set({ opacity: Math.min(Math.max(opacity, 0), 1) })
  }

  setOutlineOnly(how: 'outlined' | 'filled'): void {
    this.core.store.set({ outlineOnly: how === 'outlined' })
  }

  setHidden(objects: readonly number[], how: 'hidden' | 'shown'): void {
    const hidden = new Set(this.core.state.hidden)
    for (const id of objects) {
      if (how === 'hidden') hidden.add(id)
      else hidden.delete(id)
    }
    this.core.store.set({ hidden })
  }

  hover(object: number | null): void {
    this.core.store.set({ hovered: object })
  }

  fit(): void {
    this.core.store.set({ fitRequests: this.core.state.fitRequests + 1 })
  }
}
