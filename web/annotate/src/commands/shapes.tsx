// SPDX-License-Identifier: Apache-2.0
import { icon } from '../icons'
import { hasSelection, selectedIds } from '../state/selection'
import type { Command, CommandContext } from './command'

function split({ session }: CommandContext): void {
  const [object] = selectedIds(session.getState(), 'approved')
  if (object !== undefined) void session.objects.do({ kind: 'split', object })
}

function fillHoles({ session }: CommandContext): void {
  const state = session.getState()
  const axis = state.plane?.axis
  if (!axis) return
  void session.objects.doSeen(selectedIds(state), 'Fill the holes of', (objects) => ({
    ...{ kind: 'fill_holes', objects, axis },
  }))
}

// What changes the masks of the selected objects, in the order of the bar.
export const shapeCommands = [
  {
    id: 'merge',
    title: 'Merge',
    keys: ['M'],
    icon: icon(
      <>
        <circle cx="7.5" cy="10" r="4.5" />
        <circle cx="12.5" cy="10" r="4.5" />
      </>,
    ),
    missing: (state) =>
      selectedIds(state, 'approved').length < 2 ? 'Select two or more approved objects to merge' : null,
    run: ({ session }) => void session.objects.merge(selectedIds(session.getState())),
  },
  {
    id: 'split',
    title: 'Split into connected parts',
    keys: [],
    icon: icon(
      <>
        <circle cx="5.5" cy="10" r="3" />
        <circle cx="14.5" cy="10" r="3" />
        <path d="M10 3.500v13" strokeDasharray="2 2.2" />
      </>,
    ),
    missing: (state) =>
      selectedIds(state, 'approved').length === 1 ? null : 'Select one approved object to split',
    run: split,
  },
  {
    id: 'fill_holes',
    title: 'Fill holes',
    keys: ['F'],
    icon: icon(
      <>
        <circle cx="10" cy="10" r="6.5" />
        <circle cx="10" cy="10" r="2.5" fill="currentColor" stroke="none" />
      </>,
    ),
    missing: (state) => (hasSelection(state) ? null : 'Select the objects whose holes to fill first'),
    run: fillHoles,
  },
] as const satisfies readonly Command[]
