// SPDX-License-Identifier: Apache-2.0
import { memo, useEffect, useRef, useState } from 'react'
import { useLimits, useSession, useSessionState } from '../state/react'
import type { ImageObject } from '../wire/types'
import { objectColour } from '../viewer/scene'
import { objectName } from '../words'
import { IconButton } from './controls'
import { backToPicture } from './focus'
import { areaText, iouText } from './describe'
import { CheckIcon, EyeIcon, EyeOffIcon, LockIcon, TrashIcon, UnlockIcon } from '../icons'
import { Swatch } from './labels_panel'
import { useUi, useUiState } from './ui'

export type Click = 'only' | 'toggle' | 'range'

interface ObjectRowProps {
  object: ImageObject
  selected: boolean
  hidden: boolean
  open: boolean // the proposal that prompts go to
  reachable: boolean // by Tab
  onClick: (id: number, how: Click) => void
}

export const ObjectRow = memo(function ObjectRow(props: ObjectRowProps) {
  const { object, selected, hidden, open, reachable, onClick } = props
  const session = useSession()
  const ui = useUi()
  const labels = useSessionState(({ project }) => project?.labels)
  const opened = useSessionState((state) => state.opened)
  const renaming = useUiState((state) => state.renaming === object.id)
  const alone = useSessionState((state) => state.selected.size === 1 && state.selected.has(object.id))
  const colour = useSessionState((state) => objectColour(state, object))
  const pointedAt = useSessionState((state) => state.hovered === object.id) // in the picture or here
  const made = useSessionState((state) => state.made?.object === object.id)
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (alone || made) row.current?.scrollIntoView({ block: 'nearest' })
  }, [alone, made])
  if (!labels || !opened) return null
  const label = labels.find(({ id }) => id === object.label)
  const name = objectName(object, labels)
  const score =
    object.state === 'proposed' && object.chosen !== null ? object.candidates[object.chosen] : null
  const iou = score ? iouText(score.predicted_iou) : null
  const facts = [
    areaText(object.area, opened),
    ...(object.name && label ? [label.name] : []),
    ...(object.target !== null ? [`refines ${object.target}`] : []),
    ...(iou === null ? [] : [`IoU ${iou}`]),
    ...(object.plane && !opened.plain ? [`${object.plane.axis} ${object.plane.slice + 1}`] : []),
  ]
  return (
    <li
      ref={row}
      role="option"
      aria-selected={selected}
      aria-label={`${name}, ${facts.join(', ')}${object.locked ? ', locked' : ''}${hidden ? ', hidden' : ''}`}
      tabIndex={reachable ? 0 : -1}
      className={`object ${selected ? 'selected' : ''} ${made ? 'made' : ''} ${pointedAt ? 'pointed-at' : ''} ${hidden ? 'hidden-object' : ''} ${open ? 'open-object' : ''}`}
      onPointerEnter={() => session.display.hover(object.id)}
      onPointerLeave={() => session.display.hover(null)}
      onClick={(event) =>
        onClick(object.id, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'only')
      }
      onDoubleClick={() => ui.set({ renaming: object.id })}
      onKeyDown={(event) => {
        if (event.target !== row.current || (event.key !== ' ' && event.key !== 'Enter')) return
        event.preventDefault()
        const approves = event.key === 'Enter' && !event.ctrlKey && selected && object.state === 'proposed'
        if (approves) void session.objects.accept()
        else onClick(object.id, event.ctrlKey || event.key === ' ' ? 'toggle' : 'only')
      }}
    >
      <Swatch colour={colour} look={object.state === 'proposed' ? 'dashed' : 'filled'} />
      {renaming ? (
        <NameField object={object} onDone={() => ui.set({ renaming: null })} />
      ) : (
        <span className="object-text">
          <span className="object-name">{name}</span>
          <span className="muted" title={iou === null ? undefined : `Predicted IoU ${iou}`}>
            {facts.join(' · ')}
          </span>
        </span>
      )}
      <span className="row-actions" onClick={(event) => event.stopPropagation()}>
        {object.state === 'proposed' ? (
          <IconButton
            icon={CheckIcon}
            label={`Approve ${name}`}
            onClick={() => void session.objects.approve([object.id])}
          />
        ) : (
          <IconButton
            icon={object.locked ? LockIcon : UnlockIcon}
            label={object.locked ? `Unlock ${name}` : `Lock ${name}`}
            pressed={object.locked}
            onClick={() => void session.objects.setLocked([object.id], object.locked ? 'unlock' : 'lock')}
          />
        )}
        <IconButton
          icon={hidden ? EyeOffIcon : EyeIcon}
          label={hidden ? `Show ${name}` : `Hide ${name}`}
          pressed={hidden}
          onClick={() => session.display.setHidden([object.id], hidden ? 'shown' : 'hidden')}
        />
        <IconButton
          icon={TrashIcon}
          label={`Delete ${name}`}
          tone="danger"
          disabled={object.locked}
          onClick={() => void session.objects.remove([object.id])}
        />
      </span>
    </li>
  )
})

function NameField({ object, onDone }: { object: ImageObject; onDone: () => void }) {
  const session = useSession()
  const [name, setName] = useState(object.name)
  const keep = () => {
    if (name.trim() !== object.name)
      void session.objects.do({ kind: 'name', object: object.id, name: name.trim() })
    onDone()
  }
  return (
    <input
      type="text"
      className="name-field"
      aria-label={`Name of object ${object.id}`}
      placeholder="Name"
      value={name}
      maxLength={useLimits().name_characters}
      autoFocus
      onChange={(event) => setName(event.target.value)}
      onBlur={keep}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') backToPicture() // leaving it keeps the name
        if (event.key !== 'Escape') return
        onDone()
        setTimeout(backToPicture) // once the field is gone: leaving it would keep the name
      }}
    />
  )
}
