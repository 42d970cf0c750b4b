// SPDX-License-Identifier: Apache-2.0
import { LockIcon, TrashIcon, UnlockIcon } from '../icons'
import { useSessionState } from '../state/react'
import { hasSelection, lockedStay, selectedIds, selectedObjects } from '../state/selection'
import type { SessionState } from '../state/session_state'
import type { Command, CommandContext } from './command'

// The selected object, else the one that was made last.
function meant(state: SessionState): number | null {
  return selectedIds(state)[0] ?? state.made?.object ?? null
}

function goToMeant({ session }: CommandContext): void {
  const id = meant(session.getState())
  if (id !== null) session.objects.open(id)
}

const isAnyUnlocked = (state: SessionState) =>
  selectedObjects(state, 'approved').some(({ locked }) => !locked)

function LockState() {
  return useSessionState(isAnyUnlocked) ? <LockIcon /> : <UnlockIcon />
}

function toggleLock({ session }: CommandContext): void {
  const isLocking = isAnyUnlocked(session.getState())
  const chosen = selectedObjects(session.getState(), 'approved').filter(({ locked }) => locked !== isLocking)
  void session.objects.setLocked(
    chosen.map(({ id }) => id),
    isLocking ? 'lock' : 'unlock',
  )
}

export const objectCommands = [
  {
    id: 'select_proposals',
    title: 'Select all proposals',
    keys: ['G'],
    run: ({ session }) => session.objects.selectAll('proposed'),
  },
  {
    id: 'select_approved',
    title: 'Select all approved objects',
    keys: ['Ctrl+A'],
    run: ({ session }) => session.objects.selectAll('approved'),
  },
  {
    id: 'go_to_object',
    title: 'Go to the selected object, or to the last one made',
    keys: ['J'],
    missing: (state) => (meant(state) === null ? 'Select the object to go to first' : null),
    run: goToMeant,
  },
  {
    id: 'name',
    title: 'Name the selected object',
    keys: ['F2'],
    missing: (state) => (meant(state) === null ? 'Select the object to name first' : null),
    run: ({ session, ui }) => ui.set({ renaming: meant(session.getState()) }),
  },
  {
    id: 'lock',
    title: 'Lock or unlock',
    keys: ['K'],
    icon: LockState,
    label: (state) => (isAnyUnlocked(state) ? 'Lock' : 'Unlock'),
    missing: (state) =>
      selectedObjects(state, 'approved').length > 0
        ? null
        : 'Select the approved objects to lock or unlock first',
    run: toggleLock,
  },
  {
    id: 'delete',
    title: 'Delete',
    keys: ['Delete', 'Backspace'],
    icon: TrashIcon,
    tone: 'danger',
    missing: (state) => {
      if (!hasSelection(state)) return 'Select the objects to delete first'
      return selectedObjects(state).some(({ locked }) => !locked) ? null : lockedStay()
    },
    run: ({ session }) => void session.objects.remove(selectedIds(session.getState())),
  },
] as const satisfies readonly Command[]
