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
import { Swatch } from './labels_panel'

const beginsOnIt = 'A stroke that begins on the selected object goes to it'
const touchesIt = 'A lasso that touches the selected object goes to it'

// Whom the next stroke or lasso changes, in the words of the ring.
export function PaintTargets({ paint, tool }: { paint: Paint; tool: 'brush' | 'eraser' | 'lasso' }) {
  const state = usePaintState()
  const onIt = paintTarget(state, paint, () => true)
  const elsewhere = paintTarget(state, paint, nowhere)
  const depends = onIt?.on !== elsewhere?.on
  return (
    <span
      className="hint paint-targets"
      role="status"
      aria-label="What is painted"
      title={depends ? (tool === 'lasso' ? touchesIt : beginsOnIt) : undefined}
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

function usePaintState(): PaintState {
  return {
    draft: useSessionState((state) => state.draft),
    plane: useSessionState((state) => state.plane),
    proposal: useSessionState((state) => state.proposal),
    made: useSessionState((state) => state.made),
    selected: useSessionState((state) => state.selected),
    objects: useSessionState((state) => state.objects),
    label: useSessionState((state) => state.label),
    project: useSessionState((state) => state.project),
  }
}
