// SPDX-License-Identifier: Apache-2.0
import { useState, type FormEvent } from 'react'
import { classOf } from '../state/classes'
import { useLimits, useSession, useSessionState } from '../state/react'
import type { Label } from '../wire/types'
import { countOf } from '../words'
import { Collapsible, IconButton } from './controls'
import { CommandButton } from './command_button'
import { classText, nextColour } from './describe'
import { SettingsIcon, PlusIcon, TrashIcon, CheckIcon } from '../icons'
import { commandFor } from './keyboard'

const noLabels: readonly Label[] = []

export function LabelsPanel() {
  const labels = useSessionState(({ project }) => project?.labels ?? noLabels)
  const active = useSessionState((state) => state.label)
  const [editing, setEditing] = useState<number | null>(null)
  return (
    <Collapsible section="labels" title="Labels" count={labels.length}>
      <div className="labels" role="radiogroup" aria-label="Active label">
        {labels.map((label) =>
          editing === label.id ? (
            <LabelEditor key={label.id} label={label} labels={labels} onDone={() => setEditing(null)} />
          ) : (
            <LabelRow
              key={label.id}
              label={label}
              active={label.id === active}
              onEdit={() => setEditing(label.id)}
            />
          ),
        )}
      </div>
      <NewLabel labels={labels} />
    </Collapsible>
  )
}

interface LabelRowProps {
  label: Label
  active: boolean
  onEdit: () => void
}

function LabelRow({ label, active, onEdit }: LabelRowProps) {
  const session = useSession()
  const known = useSessionState(({ project }) => classOf(project, label))
  const isOpen = useSessionState(({ opened }) => opened !== null)
  return (
    <div className={`label ${active ? 'active' : ''}`}>
      <button
        type="button"
        role="radio"
        className="label-pick"
        aria-checked={active}
        title={`${label.name}: ${countOf(label.objects, 'object')}, ${label.value} in exported maps. A click or its key makes it active, and the label of the selected objects`}
        onClick={() => void session.objects.chooseLabel(label.id)}
      >
        <Swatch colour={label.colour} />
        <span className="label-name">{label.name}</span>
        <span className="muted tabular" aria-label={countOf(label.objects, 'object')}>
          {label.objects}
        </span>
        {label.shortcut && <kbd>{label.shortcut}</kbd>}
      </button>
      {known && (
        <CommandButton
          id="find_class"
          className="find"
          aria-label={`Find ${label.name} here`}
          title={`Find ${label.name} here. ${classText(known)}`}
          disabled={!isOpen}
          onClick={() => session.objects.find(label)}
        />
      )}
      <IconButton icon={SettingsIcon} label={`Edit ${label.name}`} onClick={onEdit} />
    </div>
  )
}

// 'dashed': of a proposal, as on the picture.
export function Swatch({ colour, look = 'filled' }: { colour: string; look?: 'filled' | 'dashed' }) {
  return (
    <svg className="swatch" viewBox="0 0 12 12" aria-hidden="true">
      {look === 'filled' ? (
        <rect x="1" y="1" width="10" height="10" rx="3" fill={colour} />
      ) : (
        <rect
          x="1.5"
          y="1.5"
          width="9"
          height="9"
          rx="3"
          fill="none"
          stroke={colour}
          strokeWidth="1.5"
          strokeDasharray="2.5 1.5"
        />
      )}
    </svg>
  )
}

// Why `shortcut` cannot be given to a label; null: it can.
export function shortcutFault(
  shortcut: string,
  label: Label | null,
  labels: readonly Label[],
): string | null {
  if (shortcut === '') return null
  const command = commandFor(shortcut.toUpperCase())
  if (command) return `${shortcut.toUpperCase()} is taken: ${command.title}`
  const other = labels.find(
    (one) => one.id !== label?.id && one.shortcut.toUpperCase() === shortcut.toUpperCase(),
  )
  return other ? `${shortcut} is the shortcut of ${other.name}` : null
}

interface LabelEditorProps {
  label: Label
  labels: readonly Label[]
  onDone: () => void
}

function LabelEditor({ label, labels, onDone }: LabelEditorProps) {
  const session = useSession()
  const [name, setName] = useState(label.name)
  const [colour, setColour] = useState(label.colour)
  const [shortcut, setShortcut] = useState(label.shortcut)
  const fault = shortcutFault(shortcut, label, labels)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (fault) return
    const changed = {
      ...(name.trim() !== label.name && { name: name.trim() }),
      ...(colour !== label.colour && { colour }),
      ...(shortcut !== label.shortcut && { shortcut }),
    }
    if (Object.keys(changed).length > 0) void session.labels.edit(label.id, changed)
    onDone()
  }
  return (
    <form
      className="label-editor"
      aria-label={`Edit ${label.name}`}
      onSubmit={submit}
      onKeyDown={(event) => event.key === 'Escape' && onDone()}
    >
      <input
        type="color"
        aria-label="Colour"
        value={colour}
        onChange={(event) => setColour(event.target.value)}
      />
      <input
        type="text"
        aria-label="Name"
        value={name}
        autoFocus
        required
        maxLength={useLimits().name_characters}
        onChange={(event) => setName(event.target.value)}
      />
      <input
        type="text"
        className="shortcut"
        aria-label="Shortcut, one character"
        title="Shortcut: one character"
        placeholder="Key"
        maxLength={1}
        value={shortcut}
        aria-invalid={fault !== null}
        onChange={(event) => setShortcut(event.target.value.trim())}
      />
      <IconButton icon={CheckIcon} label="Keep the changes" />
      <IconButton
        icon={TrashIcon}
        tone="danger"
        label={
          label.objects > 0
            ? `${countOf(label.objects, 'object')} of this label: it cannot be deleted`
            : 'Delete the label'
        }
        disabled={label.objects > 0}
        onClick={() => {
          void session.labels.remove(label.id)
          onDone()
        }}
      />
      {fault && <p className="fault">{fault}</p>}
    </form>
  )
}

function NewLabel({ labels }: { labels: readonly Label[] }) {
  const session = useSession()
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!name.trim()) return
    const used = new Set(labels.map(({ shortcut }) => shortcut))
    const shortcut = [...'1234567890'].find((digit) => !used.has(digit)) ?? ''
    void session.labels.add({ name: name.trim(), colour: nextColour(labels), shortcut })
    setName('')
  }
  return (
    <form className="new-label" onSubmit={submit}>
      <input
        type="text"
        placeholder="New label"
        aria-label="Name of a new label"
        maxLength={useLimits().name_characters}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <IconButton icon={PlusIcon} label="Add the label" disabled={!name.trim()} />
    </form>
  )
}
