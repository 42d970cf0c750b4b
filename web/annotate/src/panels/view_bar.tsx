// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import { keyOf } from '../commands'
import { useSession, useSessionState } from '../state/react'
import type { Opened, ResolvedWindow } from '../wire/types'
import { CommandButton } from './command_button'
import { Range } from './controls'
import { backToPicture } from './focus'

// Below the picture: where in the volume, through which window, how the masks are drawn.
export function ViewBar() {
  const session = useSession()
  const opened = useSessionState((state) => state.opened)
  const opacity = useSessionState((state) => state.opacity)
  if (!opened) return <div className="view-bar" />
  return (
    <div className="view-bar" role="group" aria-label="View">
      <Slices opened={opened} />
      {opened.photometric !== 'rgb' && <WindowControl opened={opened} />}
      <span className="grow" />
      <div className="drawing" role="group" aria-label="Masks and fit">
        <Range
          label="Opacity"
          min={0}
          max={1}
          step={0.05}
          value={opacity}
          text={`${Math.round(opacity * 100)} %`}
          onChange={(value) => session.display.setOpacity(value)}
        />
        <CommandButton id="outlines_only" />
        <CommandButton id="fit" />
      </div>
    </div>
  )
}

function Slices({ opened }: { opened: Opened }) {
  const session = useSession()
  const plane = useSessionState((state) => state.plane)
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
              title={`${axis} (${keyOf('next_axis')} for the next)`}
              onClick={() => session.navigator.goTo({ axis, slice: Math.floor(slices / 2) })}
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
        onChange={(event) => session.navigator.goTo({ axis: plane.axis, slice: Number(event.target.value) })}
      />
      <NumberField
        label="Slice number, from 1"
        value={plane.slice + 1}
        onEnter={(slice) => session.navigator.goTo({ axis: plane.axis, slice: slice - 1 })}
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

const windowTitles: Record<string, string> = { auto: 'Automatic', none: 'As stored', max: 'Whole range' }
const asStored: ResolvedWindow = { name: 'none', centre: null, width: null }

// The windows that the page can show as the network sees them: the image's own, the presets, and none for bytes.
export function windowChoices({ window, presets, range }: Opened): (ResolvedWindow & { title: string })[] {
  const own = {
    ...window,
    title:
      windowTitles[window.name] ?? (/^[\d.,-]+$/.test(window.name) ? 'Of the file' : capital(window.name)),
  }
  const bytes = range[0] >= 0 && range[1] <= 255
  const others = [
    ...presets.map((preset) => ({ ...preset, title: windowTitles[preset.name] ?? capital(preset.name) })),
    ...(bytes ? [{ ...asStored, title: windowTitles.none! }] : []),
  ]
  return [own, ...others.filter(({ name }) => name !== own.name)]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function WindowControl({ opened }: { opened: Opened }) {
  const session = useSession()
  const window = useSessionState((state) => state.window)
  if (!window) return null
  const choices = windowChoices(opened)
  const known = choices.some(({ name }) => name === window.name)
  const custom = (centre: number, width: number) => {
    if (width > 0) session.navigator.setWindow({ name: `${centre},${width}`, centre, width }, 'final')
  }
  const centre = window.centre ?? 127.5
  const width = window.width ?? 255
  return (
    <div className="window">
      <label>
        <span className="long">Window</span>
        <select
          aria-label="Window"
          value={known ? window.name : 'own'}
          onChange={(event) => {
            const choice = choices.find(({ name }) => name === event.target.value)
            if (choice)
              session.navigator.setWindow(
                { name: choice.name, centre: choice.centre, width: choice.width },
                'final',
              )
          }}
        >
          {choices.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
          {!known && <option value="own">Own</option>}
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
        if (event.key === 'Enter') backToPicture() // leaving it takes the number
      }}
    />
  )
}
