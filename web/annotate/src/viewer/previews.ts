// SPDX-License-Identifier: Apache-2.0
import { maskKey, type PaintTarget, type SessionState } from '../state/session_state'
import { paintedObject } from '../state/painting'
import { paintedColour } from './scene'
import { StrokePreview } from './stroke_preview'
import type { Size } from './view_transform'

const minOpacity = 0.35

// The strokes on the slice in view that the server has not answered yet.
export class Previews {
  private pending: StrokePreview[] = []
  private begun = 0 // objects

  // The last of several strokes on one object shows them all.
  get shown(): StrokePreview[] {
    return this.pending.filter(
      (preview, i) => !this.pending.slice(i + 1).some(({ subject }) => subject === preview.subject),
    )
  }

  begin(state: SessionState, picture: Size, target: PaintTarget): StrokePreview {
    const object = paintedObject(state, target)?.id ?? null
    if (target.on === 'new') ++this.begun
    const isBegun = target.on === 'new' || target.on === 'begun'
    const subject = isBegun ? `begun ${this.begun}` : `${object}`
    const before = this.pending.findLast((preview) => preview.subject === subject)
    const mask = object === null ? null : (state.masks.get(maskKey(object, null)) ?? null)
    const opacity = Math.max(state.opacity, minOpacity)
    const colour = paintedColour(state, object)
    const preview = new StrokePreview({ subject, object }, opacity, colour, picture, before ?? mask)
    this.pending.push(preview)
    return preview
  }

  drop(preview: StrokePreview): void {
    this.pending = this.pending.filter((one) => one !== preview)
  }

  clear(): void {
    this.pending = []
  }
}
