// SPDX-License-Identifier: Apache-2.0
import type { Paint } from '../state/painting'
import type { Session } from '../state/session'
import type { PaintTarget } from '../state/session_state'
import type { BoxPx, PointPx, Radii } from '../wire/types'
import type { Span } from './brush'
import type { Pen } from './pen'
import type { StrokePreview } from './stroke_preview'
import type { PointCss, Rect, Size, View } from './view_transform'

// What a stroke that is being drawn changes.
export interface Painting {
  paint: Paint
  target: PaintTarget | null
}

// What tools act on: the viewer.
export interface Stage {
  readonly session: Session
  readonly live: {
    box: BoxPx | null // in place of that of the prompts
    draw: ((pen: Pen) => void) | null // what the gesture shows
    painting: Painting | null
  }
  place(): string // which picture is in view; '' while it is not shown yet
  picture(): Size
  brush(): Radii
  view(): View
  setView(view: View): void
  pixel(at: PointCss): PointPx
  objectAt(point: PointPx): number | null
  // What a stroke changes that begins with `spans`, or a polygon around them; null: nothing.
  paintTarget(paint: Paint, spans: () => readonly Span[]): PaintTarget | null
  colourOf(target: PaintTarget | null): string
  beginPreview(target: PaintTarget): StrokePreview
  endPreview(preview: StrokePreview, done: Promise<void>): void
  dropPreview(preview: StrokePreview): void
  redrawMasks(area: Rect | null): void
  redrawLive(): void
}
