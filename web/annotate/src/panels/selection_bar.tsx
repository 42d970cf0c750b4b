// SPDX-License-Identifier: Apache-2.0
import { useState, type FormEvent } from 'react'
import { keyOf } from '../commands'
import { shapeCommands } from '../commands/shapes'
import { CheckIcon, SpecksIcon } from '../icons'
import { useSession, useSessionState } from '../state/react'
import type { ImageObject } from '../wire/types'
import { countOf } from '../words'
import { CommandButton } from './command_button'
import { IconButton } from './controls'

// What can be done to the selected objects together.
export function SelectionBar() {
  const session = useSession()
  const selected = useSessionState((state) => state.selected)
  const objects = useSessionState((state) => state.objects)
  const proposal = useSessionState((state) => state.proposal)
  const active = useSessionState((state) => state.label)
  const label = useSessionState(({ project }) => project?.labels.find(({ id }) => id === active))
  const chosen = [...selected].flatMap((id) => objects.get(id) ?? [])
  // The bar above the picture is that of the open proposal.
  if (chosen.length === 0 || (chosen.length === 1 && chosen[0]!.id === proposal)) return null
  const ids = chosen.map(({ id }) => id)
  const proposed = idsOf(chosen, 'proposed')
  const approved = idsOf(chosen, 'approved')
  return (
    <div className="selection" role="group" aria-label="Selected objects">
      <div className="selection-row">
        <span className="selection-count">{countOf(chosen.length, 'selected', 'selected')}</span>
        {proposed.length > 0 && (
          <button
            type="button"
            className="primary small"
            title={`Approve with the active label (${keyOf('accept')})`}
            onClick={() => void session.objects.approve(proposed)}
          >
            <CheckIcon />
            Approve{label && ` as ${label.name}`}
          </button>
        )}
        <LabelSelect proposed={proposed} approved={approved} chosen={chosen} />
      </div>
      <div className="selection-row tools-row">
        <CommandButton id="refine" />
        {shapeCommands.map(({ id }) => (
          <CommandButton key={id} id={id} />
        ))}
        <Specks ids={ids} />
        <span className="grow" />
        <CommandButton id="lock" />
        <CommandButton id="delete" />
      </div>
    </div>
  )
}

function idsOf(objects: readonly ImageObject[], state: ImageObject['state']): number[] {
  return objects.filter((object) => object.state === state).map(({ id }) => id)
}

interface LabelSelectProps {
  proposed: number[]
  approved: number[]
  chosen: readonly ImageObject[]
}

// Names all of them at once: proposals are approved with the label.
function LabelSelect({ proposed, approved, chosen }: LabelSelectProps) {
  const session = useSession()
  const labels = useSessionState(({ project }) => project?.labels)
  const common = new Set(chosen.map(({ label }) => label))
  const value = common.size === 1 ? ([...common][0] ?? '') : ''
  return (
    <select
      aria-label="Label of the selected objects"
      title={proposed.length > 0 ? 'Choosing a label approves the proposals' : 'Label'}
      value={value}
      onChange={(event) => {
        const label = Number(event.target.value)
        // One after the other: both may ask.
        void session.objects.approve(proposed, label).then(() => session.objects.relabel(approved, label))
      }}
    >
      <option value="" disabled>
        {proposed.length > 0 ? '… or approve as' : 'Label …'}
      </option>
      {labels?.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

function Specks({ ids }: { ids: number[] }) {
  const session = useSession()
  const plain = useSessionState(({ opened }) => opened?.plain ?? true)
  const [below, setBelow] = useState(50)
  const unit = plain ? 'pixels' : 'voxels'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void session.objects.doSeen(ids, 'Drop the specks of', (objects) => ({
      kind: 'drop_specks',
      objects,
      below,
    }))
  }
  return (
    <form className="specks" onSubmit={submit}>
      <IconButton icon={SpecksIcon} label={`Drop specks of fewer than ${below} ${unit}`} />
      <input
        type="number"
        aria-label={`Size of specks in ${unit}`}
        title={`Connected parts of fewer ${unit} are dropped`}
        min={1}
        max={100000}
        value={below}
        onChange={(event) => setBelow(Math.max(1, Math.round(Number(event.target.value) || 1)))}
      />
    </form>
  )
}
