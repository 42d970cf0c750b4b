// SPDX-License-Identifier: Apache-2.0
import { maskKey, type SessionState } from '../session'
import { paintedColour } from './scene'
import { StrokePreview } from './stroke_preview'
import type { Size } from './view_transform'

const leastOpacity = 0.35

// What the next stroke changes, as far as it is known here; null: a new object.
function paintedObject({ draft, proposal, selected }: SessionState): number | null {
  if (draft) return proposal
  const [only] = selected
  return selected.size === 1 ? only! : null
}

// The strokes on the slice in view that the server has not answered yet.
export class Previews {
  private pending: StrokePreview[] = []

  // Of several strokes on one object the last one holds them all.
  get shown(): StrokePreview[] {
    return this.pending.filter(
      (preview, i) => !this.pending.slice(i + 1).some(({ object }) => object === preview.object),
    )
  }

  begin(state: SessionState, picture: Size): StrokePreview {
    const object = paintedObject(state)
    const before = this.pending.findLast((preview) => preview.object === object)
    const mask = object === null ? null : (state.masks.get(maskKey(object, null)) ?? null)
    const opacity = Math.max(state.opacity, leastOpacity)
    const preview = new StrokePreview(object, opacity, paintedColour(state, object), picture, before ?? mask)
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
