// SPDX-License-Identifier: Apache-2.0
import { useEffect, useId, useRef, type ComponentType, type ReactNode } from 'react'
import { keySign } from '../commands'
import { CloseIcon, DownIcon } from '../icons'
import { useUi, useUiState, type Section } from './ui'

interface IconButtonProps {
  icon: ComponentType
  label: string
  pressed?: boolean | undefined
  disabled?: boolean | undefined
  tone?: 'plain' | 'danger' | undefined
  onClick?: () => void // left out: it sends its form
}

export function IconButton({ icon: Icon, label, pressed, disabled, tone, onClick }: IconButtonProps) {
  return (
    <button
      type={onClick ? 'button' : 'submit'}
      className={`icon-button ${tone ?? 'plain'}`}
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon />
    </button>
  )
}

interface PanelProps {
  name: string
  title: string
  count?: number | undefined
  open: boolean
  disabled?: boolean
  onToggle: () => void
  children: ReactNode
}

// A part of the side that can be folded.
export function Panel({ name, title, count, open, disabled, onToggle, children }: PanelProps) {
  const id = useId()
  return (
    <section className={`panel ${name} ${open ? 'open' : 'closed'}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>
          <button type="button" className="fold" aria-expanded={open} disabled={disabled} onClick={onToggle}>
            <DownIcon />
            {title}
            {count !== undefined && <span className="count">{count}</span>}
          </button>
        </h2>
      </header>
      {open && children}
    </section>
  )
}

interface CollapsibleProps extends Omit<PanelProps, 'name' | 'open' | 'onToggle'> {
  section: Section
}

// One that stays as this person leaves it.
export function Collapsible({ section, ...panel }: CollapsibleProps) {
  const ui = useUi()
  const open = useUiState(({ collapsed }) => !collapsed.has(section))
  return <Panel name={section} open={open} onToggle={() => ui.toggle(section)} {...panel} />
}

interface ModalProps {
  title: string
  className?: string
  onClose: () => void
  children: ReactNode
}

export function Modal({ title, className = '', onClose, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    const first = element?.querySelector<HTMLElement>('[data-first]') ?? element?.querySelector('h2')
    first?.focus()
    return () => {
      element?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`modal ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onPointerDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className="modal-body">
        <header className="modal-head">
          <h2 id={id} tabIndex={-1}>
            {title}
          </h2>
          <IconButton icon={CloseIcon} label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}

interface RangeProps {
  label: string
  value: number
  min: number
  max: number
  step: number
  text: string // the value as people read it
  onChange: (value: number) => void
}

export function Range({ label, value, min, max, step, text, onChange }: RangeProps) {
  return (
    <label className="range">
      <span className="long">{label}</span>
      <input
        type="range"
        aria-label={label}
        title={`${label}: ${text}`}
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <output>{text}</output>
    </label>
  )
}

export function Keys({ keys }: { keys: readonly string[] }) {
  return (
    <>
      {keys.map((key, at) => (
        <span key={key}>
          {at > 0 && <span className="or"> or </span>}
          {key.split(/\+(?!$)/).map((part) => (
            <kbd key={part}>{keySign(part)}</kbd>
          ))}
        </span>
      ))}
    </>
  )
}
