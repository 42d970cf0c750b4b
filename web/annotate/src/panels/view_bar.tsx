// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import type { DisplayWindow } from '../session'
import { useActions, useSession } from '../state/react'
import type { Opened } from '../wire/types'
import { IconButton, Range } from './controls'
import { FitIcon, OutlineIcon } from './icons'

// Below the picture: where in the volume, through which window, how the masks are drawn.
export function ViewBar() {
  const actions = useActions()
  const opened = useSession((state) => state.opened)
  const opacity = useSession((state) => state.opacity)
  const outlineOnly = useSession((state) => state.outlineOnly)
  if (!opened) return <div className="view-bar" />
  return (
    <div className="view-bar" role="group" aria-label="View">
      <Slices opened={opened} />
      {opened.photometric !== 'rgb' && <WindowControl opened={opened} />}
      <span className="grow" />
      <Range
        label="Opacity"
        min={0}
        max={1}
        step={0.05}
        value={opacity}
        text={`${Math.round(opacity * 100)} %`}
        onChange={actions.setOpacity}
      />
      <IconButton
        icon={OutlineIcon}
        label="Outlines only"
        shortcut="O"
        pressed={outlineOnly}
        onClick={() => actions.setOutlineOnly(outlineOnly ? 'filled' : 'outline')}
      />
      <IconButton icon={FitIcon} label="Fit the picture" shortcut="Z" onClick={actions.fit} />
    </div>
  )
}

function Slices({ opened }: { opened: Opened }) {
  const actions = useActions()
  const plane = useSession((state) => state.plane)
  const shape = opened.planes.find(({ axis }) => axis === plane?.axis)
  if (!plane || !shape || (opened.planes.length < 2 && shape.slices < 2)) return null
  return (
    <div className="slices">
      {opened.planes.length > 1 && (
        <div className="segments" role="radiogroup" aria-label="Axis">
          {opened.planes.map(({ axis, slices }) => (
            <button
              key={axis}
              type="button"
              role="radio"
              aria-checked={axis === plane.axis}
              aria-label={axis}
              title={`${axis} (X for the next)`}
              onClick={() => actions.goTo({ axis, slice: Math.floor(slices / 2) })}
            >
              <Axis axis={axis} />
            </button>
          ))}
        </div>
      )}
      <input
        type="range"
        className="slice-range"
        aria-label="Slice"
        aria-valuetext={`Slice ${plane.slice + 1} of ${shape.slices}`}
        min={0}
        max={shape.slices - 1}
        value={plane.slice}
        onChange={(event) => actions.goTo({ axis: plane.axis, slice: Number(event.target.value) })}
      />
      <NumberField
        label="Slice number, from 1"
        value={plane.slice + 1}
        onEnter={(slice) => actions.goTo({ axis: plane.axis, slice: slice - 1 })}
      />
      <span className="muted tabular">/ {shape.slices}</span>
    </div>
  )
}

const shortAxes = { axial: 'Ax', coronal: 'Cor', sagittal: 'Sag' }

function Axis({ axis }: { axis: keyof typeof shortAxes }) {
  return (
    <>
      <span className="short">{shortAxes[axis]}</span>
      <span className="long">{axis.charAt(0).toUpperCase() + axis.slice(1)}</span>
    </>
  )
}

const plainWindows: readonly { name: string; title: string }[] = [
  { name: 'auto', title: 'Automatic' },
  { name: 'none', title: 'As stored' },
  { name: 'max', title: 'Whole range' },
]

function WindowControl({ opened }: { opened: Opened }) {
  const actions = useActions()
  const window = useSession((state) => state.window)
  if (!window) return null
  const known = [...plainWindows.map(({ name }) => name), ...opened.presets.map(({ name }) => name)]
  const set = (next: DisplayWindow) => actions.setWindow(next, 'final')
  const custom = (centre: number, width: number) => {
    if (Number.isFinite(centre) && width > 0) set({ name: `${centre},${width}`, centre, width })
  }
  const [low, high] = opened.range
  const centre = window.centre ?? (low + high) / 2
  const width = window.width ?? Math.max(high - low, 1)
  return (
    <div className="window">
      <label>
        <span className="long">Window</span>
        <select
          aria-label="Window"
          value={known.includes(window.name) ? window.name : 'custom'}
          onChange={(event) => {
            const preset = opened.presets.find(({ name }) => name === event.target.value)
            set(preset ?? resolved(event.target.value, opened))
          }}
        >
          {plainWindows.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
          {opened.presets.map(({ name }) => (
            <option key={name} value={name}>
              {name.charAt(0).toUpperCase() + name.slice(1)}
            </option>
          ))}
          {!known.includes(window.name) && <option value="custom">Own</option>}
        </select>
      </label>
      <label>
        <span title="Centre">C</span>
        <NumberField
          label="Centre of the window"
          value={rounded(centre)}
          onEnter={(next) => custom(next, width)}
        />
      </label>
      <label>
        <span title="Width">W</span>
        <NumberField
          label="Width of the window"
          value={rounded(width)}
          onEnter={(next) => custom(centre, next)}
        />
      </label>
    </div>
  )
}

// The default window comes resolved; of "auto" and "max" the picture's own range stands for what the server resolves.
function resolved(name: string, opened: Opened): DisplayWindow {
  if (opened.window.name === name) return opened.window
  if (name === 'none') return { name, centre: null, width: null }
  const [low, high] = opened.range
  return { name, centre: (low + high) / 2, width: Math.max(high - low, Number.EPSILON) }
}

function rounded(value: number): number {
  return Math.abs(value) >= 10 ? Math.round(value) : Number(value.toPrecision(3))
}

interface NumberFieldProps {
  label: string
  value: number
  onEnter: (value: number) => void
}

// Takes the number on Enter or when it is left.
function NumberField({ label, value, onEnter }: NumberFieldProps) {
  const [text, setText] = useState(String(value))
  useEffect(() => setText(String(value)), [value])
  const take = () => {
    const next = Number(text)
    if (text.trim() !== '' && Number.isFinite(next) && next !== value) onEnter(next)
    else setText(String(value))
  }
  return (
    <input
      type="text"
      inputMode="decimal"
      className="number"
      aria-label={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take()
      }}
    />
  )
}
