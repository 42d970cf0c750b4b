// SPDX-License-Identifier: Apache-2.0
import { icon } from '../icons'
import type { Command, CommandContext } from './command'

function notifySaveStatus({ session }: CommandContext): void {
  const { state, message } = session.getState().save
  const text = state === 'saved' ? 'Everything is saved as you go' : message || 'Saving …'
  session.core.notify(state === 'offline' || state === 'refused' ? 'error' : 'info', text)
}

export const projectCommands = [
  {
    id: 'export',
    title: 'Export',
    keys: ['Ctrl+E'],
    icon: icon(<path d="M10 12.500v-9M10 3.500L6.8 6.700M10 3.500l3.2 3.200M4 11.500v5h12v-5" />),
    run: ({ ui }) => ui.set({ dialog: 'export' }),
  },
  { id: 'save_status', title: 'Save status', keys: ['Ctrl+S'], run: notifySaveStatus },
  {
    id: 'help',
    title: 'Keys and gestures',
    keys: ['?', 'F1'],
    icon: icon(
      <>
        <circle cx="10" cy="10" r="7" />
        <path d="M7.9 8a2.1 2.1 0 1 1 3.2 1.800c-.8.5-1.1.9-1.1 1.700M10 14v.01" />
      </>,
    ),
    run: ({ ui }) => ui.set({ dialog: 'help' }),
  },
] as const satisfies readonly Command[]
