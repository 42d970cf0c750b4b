// SPDX-License-Identifier: Apache-2.0
import { icon } from '../icons'
import type { Command } from './command'

export const trainingCommands = [
  {
    id: 'train',
    title: 'Train on what is approved',
    keys: [],
    icon: icon(<path d="M3.5 15.500l4-5 3.500 2.500 5.500-8M12.5 5h4v4" />),
    run: ({ session, ui }) => {
      void session.trainings.read()
      ui.set({ dialog: 'training' })
    },
  },
  {
    id: 'switch_weights',
    title: 'While weights are compared: old, new, both',
    keys: ['Q'],
    missing: ({ comparing }) => (comparing ? null : ''),
    run: ({ session }) => session.trainings.showNext(),
  },
] as const satisfies readonly Command[]
