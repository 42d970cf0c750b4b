// SPDX-License-Identifier: Apache-2.0
import { CheckIcon, CloseIcon, icon } from '../icons'
import { labelInHand, classOf } from '../state/classes'
import { hasSelection, selectToRefine, toRefine } from '../state/selection'
import type { SessionState } from '../state/session_state'
import type { Command } from './command'

const hasOpenProposal = (state: SessionState) => state.draft !== null

export const promptCommands = [
  {
    id: 'next_candidate',
    title: 'Next candidate',
    keys: ['Tab'],
    where: 'viewer',
    missing: (state) => (hasOpenProposal(state) ? null : ''),
    run: ({ session }) => void session.editing.nextCandidate(1),
  },
  {
    id: 'previous_candidate',
    title: 'Previous candidate',
    keys: ['Shift+Tab'],
    where: 'viewer',
    missing: (state) => (hasOpenProposal(state) ? null : ''),
    run: ({ session }) => void session.editing.nextCandidate(-1),
  },
  {
    id: 'accept',
    title: 'Accept with the active label',
    keys: ['Enter'],
    icon: CheckIcon,
    missing: (state) =>
      hasOpenProposal(state) || hasSelection(state)
        ? null
        : 'Nothing to accept: click an object for a proposal, or select proposals in the list',
    run: ({ session }) => void session.objects.accept(),
  },
  {
    id: 'reject',
    title: 'Reject the proposal, or deselect',
    keys: ['Escape'],
    icon: CloseIcon,
    label: () => 'Reject',
    run: ({ session }) => void session.objects.reject(),
  },
  {
    id: 'refine',
    title: 'Refine: prompts change the selected object',
    keys: ['C'],
    icon: icon(
      <>
        <path d="M3 13c0-4.5 3-8 7-8s7 2.5 7 6-3 6-6.5 5.5" />
        <path d="M7.5 16.500H3M5.2 14.200v4.5" />
      </>,
    ),
    pressed: (state) => state.refining,
    missing: (state) => (state.refining || toRefine(state) ? null : selectToRefine),
    run: ({ session }) => session.objects.setRefining(session.getState().refining ? 'off' : 'on'),
  },
  {
    id: 'find_class',
    title: 'Find it here: ask the model for the active label by its name',
    keys: ['Shift+F'],
    icon: icon(
      <>
        <circle cx="8.8" cy="8.8" r="5.3" />
        <path d="M12.7 12.700l4.3 4.300" />
      </>,
    ),
    missing: (state) => {
      if (!state.opened) return ''
      return classOf(state.project, labelInHand(state)) ? null : 'The model has not learned the active label'
    },
    run: ({ session }) => {
      const label = labelInHand(session.getState())
      if (label) session.objects.find(label)
    },
  },
  {
    id: 'everything',
    title: 'Everything: propose all objects from a grid of prompts',
    keys: ['A'],
    icon: icon(
      <>
        <rect x="3" y="3" width="5.5" height="5.5" rx="1.5" />
        <circle cx="14.2" cy="5.8" r="2.8" />
        <circle cx="5.8" cy="14.2" r="2.8" />
        <path d="M14.2 11.500v5.400M11.5 14.200h5.4" />
      </>,
    ),
    missing: (state) => (state.opened ? null : ''),
    run: ({ ui }) => ui.set({ everythingOpen: !ui.get().everythingOpen }),
  },
] as const satisfies readonly Command[]
