// SPDX-License-Identifier: Apache-2.0
import type { PaintTarget } from '../state/session_state'
import {
  nowhere,
  paintedObject,
  paintTarget,
  paintText,
  type Paint,
  type PaintState,
} from '../state/painting'
import { useSessionState } from '../state/react'
import { labelColour } from '../viewer/scene'
import type { Tool } from '../viewer/tools/tool'
import { Swatch } from './labels_panel'

// What the next stroke of a tool changes, in the words of its ring.
export function PaintTargets({ paint, goesToIt }: NonNullable<Tool['paints']>) {
  const state = useSessionState((whole) => whole)
  const onIt = paintTarget(state, paint, () => true)
  const elsewhere = paintTarget(state, paint, nowhere)
  const depends = onIt?.on !== elsewhere?.on
  return (
    <span
      className="hint paint-targets"
      role="status"
      aria-label="What is painted"
      title={depends ? goesToIt : undefined}
    >
      <Target state={state} paint={paint} target={onIt} />
      {depends && (
        <>
          <span className="muted">elsewhere:</span>
          <Target state={state} paint={paint} target={elsewhere} />
        </>
      )}
    </span>
  )
}

interface TargetProps {
  state: PaintState
  paint: Paint
  target: PaintTarget | null
}

function Target({ state, paint, target }: TargetProps) {
  const object = target && paintedObject(state, target)
  const label = object?.state === 'approved' ? object.label : state.label
  const colour = target && labelColour(state, label)
  return (
    <span className="paint-target">
      {colour && <Swatch colour={colour} />}
      {paintText(state, paint, target)}
    </span>
  )
}
