// SPDX-License-Identifier: Apache-2.0
import type { KeyboardEvent } from 'react'

// Arrow keys, Home and End move the focus among the elements that match `selector`.
export function moveFocus(event: KeyboardEvent<HTMLElement>, selector: string): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }
  const step = steps[event.key]
  if ((step === undefined && event.key !== 'Home' && event.key !== 'End') || event.ctrlKey || event.altKey)
    return
  if ((event.target as Element).matches('input, select')) return
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)]
  const now = items.findIndex((item) => item.contains(document.activeElement))
  const last = items.length - 1
  const next =
    event.key === 'Home' ? 0 : event.key === 'End' ? last : Math.min(Math.max(now + (step ?? 0), 0), last)
  event.preventDefault()
  items[next]?.focus()
}
