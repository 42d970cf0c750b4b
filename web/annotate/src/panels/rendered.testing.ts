// SPDX-License-Identifier: Apache-2.0
import { act, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, vi } from 'vitest'

// A place in the document for each test of the file that calls this.
export function usePlace(): { element(): HTMLElement; render(node: ReactNode): void } {
  let root: Root
  let place: HTMLElement
  beforeEach(() => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
    place = document.body.appendChild(document.createElement('div'))
    root = createRoot(place)
  })
  afterEach(() => {
    act(() => root.unmount())
    place.remove()
    vi.unstubAllGlobals()
  })
  return { element: () => place, render: (node) => act(() => root.render(node)) }
}
