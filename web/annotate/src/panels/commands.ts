// SPDX-License-Identifier: Apache-2.0
import type { Session } from '../state/session'
import type { SessionState } from '../state/session_state'
import { tools } from '../viewer/tools'
import type { ImageObject } from '../wire/types'
import { matches } from './describe'
import type { Ui } from './ui'

export interface CommandContext {
  session: Session
  ui: Ui
}

// `keys`: as people write them ("Ctrl+Shift+Z"). `where: 'viewer'`: only while the picture has the focus. `when`: a command
// that does not apply leaves the key to the browser, or says what it needs (`otherwise`).
export interface Command {
  group: 'Tools' | 'Prompts' | 'Objects' | 'View' | 'Images' | 'Project'
  title: string
  keys: readonly string[]
  where?: 'viewer'
  when?: (state: SessionState) => boolean
  otherwise?: string
  run: (context: CommandContext) => void
}

function selectedObjects({ selected, objects }: SessionState): ImageObject[] {
  return [...selected].flatMap((id) => objects.get(id) ?? [])
}

export function selectedIds(state: SessionState, of?: ImageObject['state']): number[] {
  return selectedObjects(state)
    .filter(({ state: its }) => !of || its === of)
    .map(({ id }) => id)
}

const hasSelection = (state: SessionState) => state.selected.size > 0
const hasOpenProposal = (state: SessionState) => state.draft !== null
const isVolume = (state: SessionState) => (state.opened?.planes[0]?.slices ?? 1) > 1

export function stepSlice({ session }: CommandContext, step: number): void {
  const { plane } = session.getState()
  if (plane) session.navigator.goTo({ axis: plane.axis, slice: plane.slice + step })
}

function toSlice({ session }: CommandContext, end: 'first' | 'last'): void {
  const { plane } = session.getState()
  if (plane)
    session.navigator.goTo({ axis: plane.axis, slice: end === 'first' ? 0 : Number.MAX_SAFE_INTEGER })
}

// The next image of the worklist as it is shown.
export function stepImage({ session, ui }: CommandContext, step: 1 | -1): void {
  const { project, image } = session.getState()
  const { search, filter } = ui.get()
  const images = project?.images.filter((one) => one.id === image || matches(one, search, filter)) ?? []
  const next = images[images.findIndex(({ id }) => id === image) + step]
  if (next) void session.openImage(next.id)
}

function nextAxis({ session }: CommandContext): void {
  const { opened, plane } = session.getState()
  if (!opened || !plane) return
  const now = opened.planes.findIndex(({ axis }) => axis === plane.axis)
  const next = opened.planes[(now + 1) % opened.planes.length]
  if (next) session.navigator.goTo({ axis: next.axis, slice: Math.floor(next.slices / 2) })
}

function toggleLock({ session }: CommandContext): void {
  const chosen = selectedObjects(session.getState())
  const lock = chosen.some(({ locked }) => !locked) ? 'lock' : 'unlock'
  const ids = chosen.filter(({ locked }) => locked === (lock === 'unlock')).map(({ id }) => id)
  void session.objects.setLocked(ids, lock)
}

export function fillHoles(session: Session, ids: readonly number[]): void {
  const axis = session.getState().plane?.axis
  if (axis)
    void session.objects.doSeen(ids, 'Fill the holes of', (objects) => ({
      kind: 'fill_holes',
      objects,
      axis,
    }))
}

function toggleHidden({ session }: CommandContext): void {
  const { selected, hidden, objects } = session.getState()
  const ids = selected.size > 0 ? [...selected] : [...objects.keys()]
  session.display.setHidden(ids, ids.some((id) => !hidden.has(id)) ? 'hidden' : 'shown')
}

function toggleDone({ session }: CommandContext): void {
  const { project, image } = session.getState()
  const summary = project?.images.find(({ id }) => id === image)
  if (summary) void session.setDone(summary.id, summary.status === 'done' ? 'reopened' : 'done')
}

// The selected object, else the one that was made last.
function meant(state: SessionState): number | null {
  return selectedIds(state)[0] ?? state.made?.object ?? null
}

function jump({ session }: CommandContext): void {
  const id = meant(session.getState())
  if (id !== null) session.objects.open(id)
}

function tellSaved({ session }: CommandContext): void {
  const { state, message } = session.getState().save
  const text = state === 'saved' ? 'Everything is saved as you go' : message || 'Saving: a moment'
  session.core.notify(state === 'offline' || state === 'refused' ? 'error' : 'info', text)
}

const toolCommands: Command[] = tools.map(({ id, title, key }) => ({
  group: 'Tools',
  title,
  keys: [key],
  run: ({ session }) => session.display.setTool(id),
}))

function brushStep({ session }: CommandContext, factor: number): void {
  const { brushRadius } = session.getState()
  const stepped = factor > 1 ? Math.max(brushRadius * factor, brushRadius + 0.5) : brushRadius * factor
  session.display.setBrushRadius(Math.round(stepped * 2) / 2)
}

// All that keys do, and all that the help sheet says of them.
export const commands: readonly Command[] = [
  ...toolCommands,
  { group: 'Tools', title: 'Smaller brush', keys: ['['], run: (context) => brushStep(context, 0.8) },
  { group: 'Tools', title: 'Larger brush', keys: [']'], run: (context) => brushStep(context, 1.25) },

  {
    group: 'Prompts',
    title: 'Next candidate',
    keys: ['Tab'],
    where: 'viewer',
    when: hasOpenProposal,
    run: ({ session }) => void session.editing.nextCandidate(1),
  },
  {
    group: 'Prompts',
    title: 'Previous candidate',
    keys: ['Shift+Tab'],
    where: 'viewer',
    when: hasOpenProposal,
    run: ({ session }) => void session.editing.nextCandidate(-1),
  },
  {
    group: 'Prompts',
    title: 'Accept with the active label',
    keys: ['Enter'],
    when: (state) => hasOpenProposal(state) || hasSelection(state),
    otherwise: 'Nothing to accept: click into an object for a proposal, or select proposals in the list',
    run: ({ session }) => void session.objects.accept(),
  },
  {
    group: 'Prompts',
    title: 'Reject; else deselect',
    keys: ['Escape'],
    run: ({ session }) => void session.objects.reject(),
  },
  {
    group: 'Prompts',
    title: 'Refine: prompts change the selected object',
    keys: ['C'],
    run: ({ session }) => session.objects.setRefining(session.getState().refining ? 'off' : 'on'),
  },
  {
    group: 'Prompts',
    title: 'Everything: propose all objects',
    keys: ['A'],
    run: ({ ui }) => ui.set({ everythingOpen: !ui.get().everythingOpen }),
  },
  {
    group: 'Objects',
    title: 'Select all proposals',
    keys: ['G'],
    run: ({ session }) => session.objects.selectAll('proposed'),
  },
  {
    group: 'Objects',
    title: 'Select all approved objects',
    keys: ['Ctrl+A'],
    run: ({ session }) => session.objects.selectAll('approved'),
  },
  {
    group: 'Objects',
    title: 'Go to the selected object; select the last one made',
    keys: ['J'],
    when: (state) => meant(state) !== null,
    otherwise: 'Select the object to go to first',
    run: jump,
  },
  {
    group: 'Objects',
    title: 'Name the selected object',
    keys: ['F2'],
    when: (state) => meant(state) !== null,
    otherwise: 'Select the object to name first',
    run: ({ session, ui }) => ui.set({ renaming: meant(session.getState()) }),
  },
  {
    group: 'Objects',
    title: 'Lock or unlock',
    keys: ['K'],
    when: hasSelection,
    otherwise: 'Select the approved objects to lock or unlock first',
    run: toggleLock,
  },
  {
    group: 'Objects',
    title: 'Merge',
    keys: ['M'],
    when: hasSelection,
    otherwise: 'Select two or more approved objects to merge',
    run: ({ session }) => void session.objects.merge(selectedIds(session.getState())),
  },
  {
    group: 'Objects',
    title: 'Fill holes',
    keys: ['F'],
    when: hasSelection,
    otherwise: 'Select the objects whose holes to fill first',
    run: ({ session }) => fillHoles(session, selectedIds(session.getState())),
  },
  {
    group: 'Objects',
    title: 'Delete',
    keys: ['Delete', 'Backspace'],
    when: hasSelection,
    otherwise: 'Select the objects to delete first',
    run: ({ session }) => void session.objects.remove(selectedIds(session.getState())),
  },
  {
    group: 'Objects',
    title: 'Undo',
    keys: ['Ctrl+Z'],
    run: ({ session }) => {
      if (session.getState().undo) void session.editing.undo()
      else session.core.notify('info', 'There is nothing of this page to undo on this image')
    },
  },
  {
    group: 'Objects',
    title: 'Redo',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    run: ({ session }) => {
      if (session.getState().redo) void session.editing.redo()
      else session.core.notify('info', 'There is nothing of this page to redo on this image')
    },
  },

  {
    group: 'View',
    title: 'Next slice',
    keys: ['ArrowDown', 'ArrowRight'],
    when: isVolume,
    run: (c) => stepSlice(c, 1),
  },
  {
    group: 'View',
    title: 'Previous slice',
    keys: ['ArrowUp', 'ArrowLeft'],
    when: isVolume,
    run: (c) => stepSlice(c, -1),
  },
  { group: 'View', title: '10 slices on', keys: ['PageDown'], when: isVolume, run: (c) => stepSlice(c, 10) },
  { group: 'View', title: '10 slices back', keys: ['PageUp'], when: isVolume, run: (c) => stepSlice(c, -10) },
  { group: 'View', title: 'First slice', keys: ['Home'], when: isVolume, run: (c) => toSlice(c, 'first') },
  { group: 'View', title: 'Last slice', keys: ['End'], when: isVolume, run: (c) => toSlice(c, 'last') },
  { group: 'View', title: 'Next axis', keys: ['X'], when: isVolume, run: nextAxis },
  { group: 'View', title: 'Fit the picture', keys: ['Z'], run: ({ session }) => session.display.fit() },
  { group: 'View', title: 'Hide or show the selected, or all', keys: ['V'], run: toggleHidden },
  {
    group: 'View',
    title: 'Outlines only',
    keys: ['O'],
    run: ({ session }) =>
      session.display.setOutlineOnly(session.getState().outlineOnly ? 'filled' : 'outlined'),
  },

  { group: 'Images', title: 'Next image', keys: ['.'], run: (context) => stepImage(context, 1) },
  { group: 'Images', title: 'Previous image', keys: [','], run: (context) => stepImage(context, -1) },
  { group: 'Images', title: 'Mark the image as done, or not', keys: ['D'], run: toggleDone },

  { group: 'Project', title: 'Export', keys: ['Ctrl+E'], run: ({ ui }) => ui.set({ dialog: 'export' }) },
  { group: 'Project', title: 'Is it saved?', keys: ['Ctrl+S'], run: tellSaved },
  { group: 'Project', title: 'This help', keys: ['?', 'F1'], run: ({ ui }) => ui.set({ dialog: 'help' }) },
]

// The first key of a command, for its button.
export function commandKey(title: string): string | undefined {
  return commands.find((command) => command.title === title)?.keys[0]
}

// What the mouse and the pen do on the picture: the viewer handles them (viewer/intent.ts).
export const gestures: readonly { gesture: string; does: string }[] = [
  { gesture: 'Click', does: 'what the tool does' },
  {
    gesture: 'Right button, or Ctrl or Alt',
    does: 'the tool the other way: point outside, erase, take away',
  },
  { gesture: 'Shift + click with a point', does: 'pick the object there' },
  { gesture: 'Click with Select on a proposal', does: 'keep it with the active label' },
  { gesture: 'Shift or Ctrl + click with Select', does: 'select several' },
  { gesture: 'Wheel', does: 'slices of a volume, zoom of a picture' },
  { gesture: 'Ctrl + wheel, pinch', does: 'zoom' },
  { gesture: 'Middle button, or Space + drag', does: 'pan' },
  { gesture: 'Shift + right button', does: 'window: across for the width, up and down for the centre' },
  { gesture: 'Other end of the pen', does: 'erase' },
]
