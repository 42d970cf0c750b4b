// SPDX-License-Identifier: Apache-2.0
import { icon } from '../icons'
import type { SessionState } from '../state/session_state'
import type { Command, CommandContext } from './command'

function ofVolume<Id extends string>(
  id: Id,
  title: string,
  keys: readonly string[],
  run: Command['run'],
): Command<Id> {
  const missing = ({ opened }: SessionState) => ((opened?.planes[0]?.slices ?? 1) > 1 ? null : '')
  return { id, title, keys, missing, run }
}

function stepSlice({ session }: CommandContext, step: number): void {
  const { plane } = session.getState()
  if (plane) session.navigator.goTo({ axis: plane.axis, slice: plane.slice + step })
}

function toSlice({ session }: CommandContext, end: 'first' | 'last'): void {
  const { plane } = session.getState()
  const slice = end === 'first' ? 0 : Number.MAX_SAFE_INTEGER
  if (plane) session.navigator.goTo({ axis: plane.axis, slice })
}

function toNextAxis({ session }: CommandContext): void {
  const { opened, plane } = session.getState()
  if (!opened || !plane) return
  const now = opened.planes.findIndex(({ axis }) => axis === plane.axis)
  const next = opened.planes[(now + 1) % opened.planes.length]
  if (next) session.navigator.goTo({ axis: next.axis, slice: Math.floor(next.slices / 2) })
}

function toggleHidden({ session }: CommandContext): void {
  const { selected, hidden, objects } = session.getState()
  const ids = selected.size > 0 ? [...selected] : [...objects.keys()]
  session.display.setHidden(ids, ids.some((id) => !hidden.has(id)) ? 'hidden' : 'shown')
}

export const viewCommands = [
  ofVolume('next_slice', 'Next slice', ['ArrowDown', 'ArrowRight'], (context) => stepSlice(context, 1)),
  ofVolume('previous_slice', 'Previous slice', ['ArrowUp', 'ArrowLeft'], (context) => stepSlice(context, -1)),
  ofVolume('ten_slices_forward', '10 slices forward', ['PageDown'], (context) => stepSlice(context, 10)),
  ofVolume('ten_slices_back', '10 slices back', ['PageUp'], (context) => stepSlice(context, -10)),
  ofVolume('first_slice', 'First slice', ['Home'], (context) => toSlice(context, 'first')),
  ofVolume('last_slice', 'Last slice', ['End'], (context) => toSlice(context, 'last')),
  ofVolume('next_axis', 'Next axis', ['X'], toNextAxis),
  {
    id: 'fit',
    title: 'Fit the picture',
    keys: ['Z'],
    icon: icon(<path d="M3.5 7V3.500H7M13 3.500h3.500V7M16.5 13v3.500H13M7 16.500H3.500V13" />),
    run: ({ session }) => session.display.fit(),
  },
  { id: 'hide', title: 'Hide or show the selected, or all', keys: ['V'], run: toggleHidden },
  {
    id: 'outlines_only',
    title: 'Outlines only',
    keys: ['O'],
    icon: icon(<path d="M6 4.500c3-1.5 8 0 9.5 3.500s-.5 7-4.5 8-7.5-2-7.5-5.5 1-5 2.5-6z" />),
    pressed: (state) => state.outlineOnly,
    run: ({ session }) =>
      session.display.setOutlineOnly(session.getState().outlineOnly ? 'filled' : 'outlined'),
  },
] as const satisfies readonly Command[]
