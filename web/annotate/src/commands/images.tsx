// SPDX-License-Identifier: Apache-2.0
import { DoneIcon, NextIcon, PreviousIcon, StartedIcon } from '../icons'
import { matches } from '../panels/describe'
import { useSessionState } from '../state/react'
import type { SessionState } from '../state/session_state'
import type { Command, CommandContext } from './command'

// The next image of the worklist as it is shown.
function stepImage({ session, ui }: CommandContext, step: 1 | -1): void {
  const { project, image } = session.getState()
  const { search, filter } = ui.get()
  const images = project?.images.filter((one) => one.id === image || matches(one, search, filter)) ?? []
  const next = images[images.findIndex(({ id }) => id === image) + step]
  if (next) void session.openImage(next.id)
}

function isDone({ project, image }: SessionState): boolean {
  return project?.images.find(({ id }) => id === image)?.status === 'done'
}

function DoneState() {
  return useSessionState(isDone) ? <DoneIcon /> : <StartedIcon />
}

function toggleDone({ session }: CommandContext): void {
  const { image } = session.getState()
  if (image !== null) void session.setDone(image, isDone(session.getState()) ? 'reopened' : 'done')
}

export const imageCommands = [
  {
    id: 'next_image',
    title: 'Next image',
    keys: ['.'],
    icon: NextIcon,
    missing: ({ project, image }) => (project?.images.at(-1)?.id === image ? '' : null),
    run: (context) => stepImage(context, 1),
  },
  {
    id: 'previous_image',
    title: 'Previous image',
    keys: [','],
    icon: PreviousIcon,
    missing: ({ project, image }) => (project?.images[0]?.id === image ? '' : null),
    run: (context) => stepImage(context, -1),
  },
  {
    id: 'done',
    title: 'Mark the image as done or not done',
    keys: ['D'],
    icon: DoneState,
    label: (state) => (isDone(state) ? 'Done: click to reopen' : 'Mark the image as done'),
    pressed: isDone,
    run: toggleDone,
  },
] as const satisfies readonly Command[]
