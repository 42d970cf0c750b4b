// SPDX-License-Identifier: Apache-2.0
import { icon } from '../icons'
import { actionNoun } from '../state/action_texts'
import type { Command } from './command'

export const historyCommands = [
  {
    id: 'undo',
    title: 'Undo',
    keys: ['Ctrl+Z'],
    icon: icon(<path d="M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.500M4 8l3.5 3.5" />),
    label: ({ undo }) => (undo ? `Undo: ${actionNoun(undo)}` : 'Nothing to undo'),
    missing: ({ undo }) => (undo ? null : 'This page has nothing to undo on this image'),
    run: ({ session }) => void session.editing.undo(),
  },
  {
    id: 'redo',
    title: 'Redo',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    icon: icon(<path d="M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.500M16 8l-3.5 3.5" />),
    label: ({ redo }) => (redo ? `Redo: ${actionNoun(redo)}` : 'Nothing to redo'),
    missing: ({ redo }) => (redo ? null : 'This page has nothing to redo on this image'),
    run: ({ session }) => void session.editing.redo(),
  },
] as const satisfies readonly Command[]
