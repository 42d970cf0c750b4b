// SPDX-License-Identifier: Apache-2.0
import { createContext, useContext, useSyncExternalStore } from 'react'
import { Store } from '../state/store'
import type { ImageFilter } from './describe'

export type Dialog = 'help' | 'export' | 'about' | 'training'
export type Section = 'images' | 'side' | 'labels' | 'objects'

// How the page is laid out for this person; nothing of it concerns the project.
export interface UiState {
  dialog: Dialog | null
  everythingOpen: boolean
  collapsed: ReadonlySet<Section>
  search: string
  filter: ImageFilter
  renaming: number | null // the object whose name is being typed
}

const keptUnder = 'sonde-collapsed'

export class Ui extends Store<UiState> {
  constructor(private readonly keep: Pick<Storage, 'getItem' | 'setItem'> | null) {
    super({
      dialog: null,
      everythingOpen: false,
      collapsed: collapsedBefore(keep),
      search: '',
      filter: 'all',
      renaming: null,
    })
  }

  toggle(section: Section): void {
    const collapsed = new Set(this.get().collapsed)
    if (!collapsed.delete(section)) collapsed.add(section)
    this.set({ collapsed })
    this.keep?.setItem(keptUnder, JSON.stringify([...collapsed]))
  }
}

function collapsedBefore(keep: Pick<Storage, 'getItem'> | null): ReadonlySet<Section> {
  try {
    const kept: unknown = JSON.parse(keep?.getItem(keptUnder) ?? '[]')
    return new Set(Array.isArray(kept) ? (kept as Section[]) : [])
  } catch {
    return new Set()
  }
}

export const UiContext = createContext<Ui | null>(null)

export function useUi(): Ui {
  const ui = useContext(UiContext)
  if (!ui) throw new Error('UiContext is missing')
  return ui
}

export function useUiState<T>(select: (state: UiState) => T): T {
  const ui = useUi()
  return useSyncExternalStore(ui.subscribe, () => select(ui.get()))
}
