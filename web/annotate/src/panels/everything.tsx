// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { EverythingSettings } from '../state/session_state'
import { useLimits, useSession, useSessionState } from '../state/react'
import { isUnderWay } from '../state/jobs'
import { CommandButton } from './command_button'
import { useUi, useUiState } from './ui'

const usual: EverythingSettings = { points_per_side: 32, pred_iou: 0.88, stability: 0.95, min_region: 100 }

export function Everything() {
  const session = useSession()
  const ui = useUi()
  const open = useUiState((state) => state.everythingOpen)
  const job = useSessionState((state) => state.job)
  const found = useSessionState((state) => state.preview?.masks.length ?? 0)
  const [stopping, setStopping] = useState<number | null>(null) // a job
  const opened = useSessionState((state) => state.opened)
  const elsewhere = useSessionState(({ project, image, jobImage }) =>
    jobImage === image ? undefined : project?.images.find(({ id }) => id === jobImage)?.name,
  )
  const place = useRef<HTMLDivElement>(null)
  useClickBeside(place, open, () => ui.set({ everythingOpen: false }))
  if (job && isUnderWay(job))
    return (
      <div className="job" role="group" aria-label="Everything is under way">
        <span className="job-name">
          Everything{elsewhere && ` in ${elsewhere}`}
          {job.state === 'waiting' && ': waiting'}
        </span>
        <progress max={Math.max(job.total, 1)} value={job.done} aria-label="Progress of Everything" />
        <span className="muted tabular job-found" title={`${job.done} of ${job.total} points done`}>
          {job.state === 'running' && (job.done > 0 ? `${found} found` : 'encoding')}
        </span>
        <button
          type="button"
          className="small"
          disabled={stopping === job.job}
          onClick={() => {
            setStopping(job.job)
            void session.jobs.stop('job')
          }}
        >
          {stopping === job.job ? 'Stopping' : 'Cancel'}
        </button>
      </div>
    )
  return (
    <div className="everything" ref={place}>
      <CommandButton id="everything" aria-expanded={open} aria-haspopup="dialog">
        Everything
      </CommandButton>
      {open && opened && <Settings onDone={() => ui.set({ everythingOpen: false })} />}
    </div>
  )
}

const fields: readonly {
  name: keyof EverythingSettings
  title: string
  min: number
  max?: number // else the project's limit
  step: number
}[] = [
  { name: 'points_per_side', title: 'Points per side', min: 1, step: 1 },
  { name: 'pred_iou', title: 'Minimum predicted IoU', min: 0, max: 1, step: 0.01 },
  { name: 'stability', title: 'Minimum stability', min: 0, max: 1, step: 0.01 },
  { name: 'min_region', title: 'Minimum region, px', min: 0, step: 1 },
]
let lastSettings = usual

function Settings({ onDone }: { onDone: () => void }) {
  const session = useSession()
  const [settings, setSettings] = useState(lastSettings)
  const limits: Partial<EverythingSettings> = useLimits()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const isComplete = Object.values(settings).every((value) => Number.isFinite(value))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isComplete) return
    lastSettings = settings
    onDone()
    void session.jobs.everything(settings)
  }
  return (
    <form
      className="popover"
      role="dialog"
      aria-label="Everything"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onDone()
      }}
    >
      <p>
        Prompts the network at a grid of points and proposes what it finds in this picture. Approved objects
        do not change.
      </p>
      {fields.map(({ name, title, ...range }, at) => (
        <label key={name}>
          <span>{title}</span>
          <input
            ref={at === 0 ? first : undefined}
            type="number"
            required
            max={limits[name]}
            {...range}
            value={settings[name]}
            onChange={(event) => setSettings({ ...settings, [name]: event.target.valueAsNumber })}
          />
        </label>
      ))}
      <div className="popover-actions">
        <button type="button" className="small" onClick={() => setSettings(usual)}>
          Reset
        </button>
        <button type="submit" className="primary small" disabled={!isComplete}>
          Propose
        </button>
      </div>
    </form>
  )
}

function useClickBeside(
  place: React.RefObject<HTMLElement | null>,
  watching: boolean,
  then: () => void,
): void {
  const latest = useRef(then)
  latest.current = then
  useEffect(() => {
    if (!watching) return
    const look = (event: PointerEvent) => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) latest.current()
    }
    document.addEventListener('pointerdown', look, true)
    return () => document.removeEventListener('pointerdown', look, true)
  }, [watching, place])
}
