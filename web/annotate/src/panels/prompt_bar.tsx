// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../commands'
import { minBrushRadius } from '../state/session_state'
import { useSession, useSessionState } from '../state/react'
import { toolOf } from '../viewer/tools'
import type { Label } from '../wire/types'
import { countOf, objectName } from '../words'
import { CommandButton } from './command_button'
import { Range } from './controls'
import { brushText, iouText } from './describe'
import { Everything } from './everything'
import { Swatch } from './labels_panel'
import { PaintTargets } from './paint_targets'

const noLabels: readonly Label[] = []

// Above the picture: what the tool in hand needs, or the open proposal with its candidates.
export function PromptBar() {
  const open = useSessionState((state) => state.draft !== null)
  return (
    <div className="prompt-bar">
      {open ? <OpenProposal /> : <ToolOptions />}
      <span className="grow" />
      <Everything />
    </div>
  )
}

function ToolOptions() {
  const session = useSession()
  const tool = toolOf(useSessionState((state) => state.tool))
  const radius = useSessionState((state) => state.brushRadius)
  const plane = useSessionState(({ opened, plane }) =>
    opened?.planes.find(({ axis }) => axis === plane?.axis),
  )
  const refining = useSessionState((state) => state.refining)
  const refined = useSessionState(({ objects, selected }) => objects.get([...selected][0] ?? 0))
  const labels = useSessionState(({ project }) => project?.labels ?? noLabels)
  return (
    <div className="tool-options" role="group" aria-label="Options of the tool">
      <strong>{tool.title}</strong>
      {tool.sized && (
        <Range
          label="Radius"
          min={minBrushRadius}
          max={60}
          step={0.25}
          value={Math.min(radius, 60)}
          text={brushText(radius, plane)}
          onChange={(value) => session.display.setBrushRadius(value)}
        />
      )}
      {tool.paints ? (
        <PaintTargets {...tool.paints} />
      ) : (
        <span className="muted hint">
          {tool.prompts && refining && refined
            ? `Refining ${objectName(refined, labels)}: prompts change it on this slice`
            : tool.hint}
        </span>
      )}
    </div>
  )
}

function OpenProposal() {
  const object = useSessionState((state) =>
    state.proposal === null ? undefined : state.objects.get(state.proposal),
  )
  const draft = useSessionState((state) => state.draft)
  const predicting = useSessionState((state) => state.predicting)
  const labels = useSessionState(({ project }) => project?.labels)
  const label = useSessionState((state) => state.label)
  const target = labels?.find(({ id }) => id === label)
  const prompts = draft
    ? [
        ...(draft.class === undefined ? [] : [draft.class]),
        ...(draft.points.length > 0 ? [countOf(draft.points.length, 'point')] : []),
        ...(draft.box ? ['box'] : []),
      ]
    : []
  return (
    <div className="open-proposal" role="group" aria-label="The open proposal">
      <strong>{object?.target ? 'Refining' : 'Proposal'}</strong>
      <span className="muted tabular prompts">{prompts.join(' + ')}</span>
      {(object?.object_score ?? 0) < 0 && (
        <span
          className="absent"
          title={`Object score ${object!.object_score!.toFixed(1)}: below 0 it is absent`}
        >
          not in this picture?
        </span>
      )}
      <Candidates />
      {predicting && <span className="spinner" role="status" aria-label="Predicting" />}
      <CommandButton id="accept" className="primary">
        Accept
        {!object?.target && target && (
          <span className="accept-label">
            as <Swatch colour={target.colour} /> {target.name}
          </span>
        )}
      </CommandButton>
      <CommandButton id="reject" />
    </div>
  )
}

function Candidates() {
  const session = useSession()
  const object = useSessionState((state) =>
    state.proposal === null ? undefined : state.objects.get(state.proposal),
  )
  const candidates = object?.candidates ?? []
  const confident = Math.max(...candidates.map(({ predicted_iou }) => predicted_iou))
  return (
    <div className="segments candidates" role="radiogroup" aria-label="Candidates">
      {Array.from({ length: candidates.length || 3 }, (_, at) => {
        const candidate = candidates[at]
        return (
          <button
            key={at}
            type="button"
            role="radio"
            aria-checked={candidate !== undefined && object?.chosen === at}
            disabled={candidate === undefined}
            title={
              candidate
                ? `Candidate ${at + 1} (${keyOf('next_candidate')} for the next): predicted IoU ${iouText(candidate.predicted_iou)}${candidate.predicted_iou === confident ? ' (the most confident)' : ''}, stability ${candidate.stability.toFixed(2)}`
                : `Candidate ${at + 1}`
            }
            onClick={() => object && void session.editing.choose(object.id, at)}
          >
            {at + 1}
            <span className="iou tabular">{candidate ? iouText(candidate.predicted_iou) : '–'}</span>
          </button>
        )
      })}
    </div>
  )
}
