// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'react'
import type { Paint } from '../../state/painting'
import type { PointPx } from '../../wire/types'
import type { Pen } from '../pen'
import type { ViewerStage } from '../viewer_stage'
import type { PointCss } from '../view_transform'

// A press of a button on the picture.
export interface Press {
  at: PointCss
  button: number // 0 left or the tip of a pen, 2 right or the button of a pen, 5 the other end of a pen
  shift: boolean
  ctrl: boolean // or Meta
  otherWay: boolean // not the left button, or with Alt, Ctrl or Meta
}

// What a drag does, from the press of a button to its release.
export interface Gesture {
  move(at: PointCss[]): void // every place that the pointer has been at since the last call
  end(): void
  cancel(): void
}

// All that the page knows of a tool. To add one: its file, and its place in index.ts.
export interface Tool<Id extends string = string> {
  id: Id
  title: string
  key: string
  hint: string
  icon: ComponentType
  cursor: string // as CSS names it
  hovers?: true // the object under the pointer is emphasised
  prompts?: true // its prompts may refine an object, which the bar above the picture then names
  sized?: true // by the radius of the brush
  paints?: { paint: Paint; goesToIt: string } // when it goes to a selected object of another label
  // Null: it is done already, or means nothing.
  press: (stage: ViewerStage, press: Press) => Gesture | null
  // Draws what follows the pointer while it is over the picture.
  hover?: (stage: ViewerStage, at: PointPx, pen: Pen) => void
}

export type AboutTool<Id extends string> = Pick<Tool<Id>, 'id' | 'title' | 'key' | 'hint' | 'icon'>

export const idle: Gesture = { move() {}, end() {}, cancel() {} }

// What is drawn belongs to the picture that it was begun on: with another in view at its end, it is dropped.
export function onPicture(stage: ViewerStage, gesture: Gesture): Gesture {
  const place = stage.place()
  return { ...gesture, end: () => (stage.place() === place ? gesture.end() : gesture.cancel()) }
}

// Points are sent in sixteenths of a pixel: what is painted here is then exactly what the server paints.
const fineness = 16

export function rounded([x, y]: PointPx): PointPx {
  return [Math.round(x * fineness) / fineness, Math.round(y * fineness) / fineness]
}
