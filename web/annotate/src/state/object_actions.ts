// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../commands'
import { countOf, labelName, nameIn } from '../words'
import type { ImageAction, ImageObject, Label, Plane } from '../wire/types'
import { classOf } from './classes'
import type { Consent } from './consent'
import type { Core } from './core'
import type { Editing } from './editing'
import type { ImageNavigator } from './image_navigator'
import type { Labels } from './labels'
import type { SessionState } from './session_state'
import { lockedStay, selectToRefine, toRefine } from './selection'
import { samePlane, showing } from './slices'

// Actions on objects, by id or by selection. They apply to what was selected by hand, never to what was only made last, and ask
// about what is not in view.
export class ObjectActions {
  constructor(
    private readonly core: Core,
    private readonly editing: Editing,
    private readonly consent: Consent,
    private readonly labels: Labels,
    private readonly navigator: ImageNavigator,
  ) {}

  select(ids: readonly number[], how: 'only' | 'toggle'): void {
    const { selected, proposal } = this.core.state
    const next = new Set(how === 'toggle' ? selected : [])
    for (const id of ids) {
      if (how === 'toggle' && next.has(id)) next.delete(id)
      else next.add(id)
    }
    this.editing.forgetPainted()
    if (proposal !== null && !next.has(proposal)) this.editing.close()
    this.core.select(next)
  }

  selectAll(of: ImageObject['state']): void {
    const accepting = this.editing.accepting()
    const all = [...this.core.state.objects.values()]
    const meant = all.filter(({ id, state }) => state === of && !accepting.has(id))
    this.select(
      meant.map(({ id }) => id),
      'only',
    )
    this.notifyWhere(meant, of === 'proposed' ? 'proposal' : 'approved object')
  }

  private notifyWhere(objects: readonly ImageObject[], noun: string): void {
    const { opened, plane } = this.core.state
    const shape = opened?.planes.find(({ axis }) => axis === plane?.axis)
    if (!plane || !shape || shape.slices < 2 || objects.length === 0) return
    const { here, elsewhere } = this.consent.splitByView(objects.map(({ id }) => id))
    const slices = slicesOf(objects, plane)
    const where = `on ${countOf(slices.size, `${plane.axis} slice`)}`
    this.core.notify(
      'info',
      `${countOf(objects.length, noun)} selected, ${where}: ${here.length} here, ${elsewhere.length} not in view`,
    )
  }

  // A click of the tool Select: keeps (approves) a proposal of Everything and selects nothing, else opens or selects the
  // object; null (no object there) selects nothing. 'toggle' (with Shift or Ctrl) only adds to the selection or takes
  // from it.
  pick(id: number | null, how: 'only' | 'toggle'): void {
    const object = id === null ? undefined : this.core.state.objects.get(id)
    if (how === 'toggle') {
      if (object) this.select([object.id], 'toggle')
    } else if (!object) this.select([], 'only')
    else if (object.state === 'proposed' && object.source === 'everything') void this.keep(object.id)
    else this.open(object.id)
  }

  private async keep(id: number): Promise<void> {
    this.select([], 'only')
    await this.consent.changing(() =>
      this.labels.withLabel(() => this.editing.keep([id], this.core.state.label)),
    )
  }

  // A click in a list: selects the object, goes to a slice that shows it, and takes a proposal's prompts up again.
  open(id: number): void {
    const { objects, plane } = this.core.state
    const object = objects.get(id)
    if (!object || !plane) return
    this.select([id], 'only')
    const shown = showing(object, plane)
    if (shown) this.navigator.goTo(shown)
    if (object.state === 'proposed') this.editing.reopen(object)
  }

  // Asks the model for what it knows by the label's name, which becomes the active one.
  find(label: Label): void {
    const known = classOf(this.core.state.project, label)
    if (!known) return
    this.labels.activate(label.id)
    void this.editing.findClass(known.name)
  }

  // The open proposal, else the selected proposals, with the active label; goes to their slice first.
  async accept(): Promise<void> {
    const { selected, objects, proposal, draft } = this.core.state
    const accepting = this.editing.accepting()
    const chosen = [...selected].filter((id) => objects.get(id)?.state === 'proposed' && !accepting.has(id))
    if (draft !== null || proposal !== null) {
      if (this.goToFirst(draft?.plane ?? null, 1)) return
      await this.consent.changing(() =>
        this.labels.withLabel(() => this.editing.acceptOpen(this.core.state.label) ?? Promise.resolve()),
      )
    } else if (chosen.length > 0) await this.approve(chosen)
    else this.core.notify('info', 'The selected objects are approved already: select proposals to accept')
  }

  // Nothing is accepted unseen: goes to the slice of the proposals first, where another one is in view.
  private goToFirst(proposed: Plane | null, count: number): boolean {
    if (proposed === null || samePlane(proposed, this.core.state.plane)) return false
    this.navigator.goTo(proposed)
    const { axis, slice } = proposed
    const them = count === 1 ? 'it' : 'them'
    const subject = count === 1 ? 'The proposal is' : `The first of the ${count} proposals is`
    this.core.notify(
      'info',
      `${subject} on ${axis} slice ${slice + 1}: ${keyOf('accept')} again accepts ${them}`,
    )
    return true
  }

  async reject(): Promise<void> {
    const rejected = this.editing.rejectOpen()
    if (rejected) return rejected
    this.select([], 'only')
  }

  async approve(ids: readonly number[], label?: number): Promise<void> {
    if (ids.length === 0) return
    const { here, elsewhere } = this.consent.splitByView(ids)
    if (here.length === 0 && this.goToFirst(elsewhere[0]?.plane ?? null, ids.length)) return
    await this.consent.withSeen(ids, { verb: 'Approve', atLeast: 1 }, (some) =>
      this.consent.changing(() => this.approveNow(some, label)),
    )
  }

  private approveNow(ids: readonly number[], label?: number): Promise<void> {
    const { proposal } = this.core.state
    if (proposal !== null && ids.includes(proposal)) this.editing.close()
    const objects = inOrder(ids, this.core.state)
    this.editing.unselect(ids)
    return this.labels.withLabel(() =>
      this.editing.do({ kind: 'accept', objects, label: label ?? this.core.state.label }),
    )
  }

  async remove(ids: readonly number[]): Promise<void> {
    const { objects } = this.core.state
    const accepting = this.editing.accepting()
    const left = ids.filter((id) => !accepting.has(id) || objects.get(id)?.state !== 'proposed')
    if (left.length < ids.length)
      this.core.notify('info', 'Objects that are being approved have not been deleted')
    const open = this.unlockedOf(left, lockedStay())
    await this.consent.withSeen(open, { verb: 'Delete', atLeast: 1 }, (some) =>
      this.consent.changing(() => this.removeNow(some)),
    )
  }

  private removeNow(objects: number[]): Promise<void> {
    const { proposal } = this.core.state
    if (proposal !== null && objects.includes(proposal)) this.editing.close()
    return this.editing.do({ kind: 'delete', objects })
  }

  // Makes it the active one and, while no proposal is open, the label of the approved objects selected by hand.
  async chooseLabel(label: number): Promise<void> {
    this.labels.activate(label)
    const { selected, draft } = this.core.state
    const approved = this.approvedOf([...selected]).map(({ id }) => id)
    if (draft !== null || approved.length === 0) return
    if (this.consent.splitByView(approved).here.length === 0)
      this.core.notify(
        'info',
        `The selected objects are not in view and keep their label: ${keyOf('go_to_object')} goes to them`,
      )
    else await this.relabel(approved, label)
  }

  async relabel(ids: readonly number[], label: number): Promise<void> {
    const others = this.approvedOf(ids).filter((object) => object.label !== label)
    const open = this.unlockedOf(
      others.map(({ id }) => id),
      `Locked objects keep their label: unlock them (${keyOf('lock')}) to change it`,
    )
    await this.doSeen(open, 'Relabel', (objects) => ({ kind: 'label', objects, label }))
  }

  // The label that wins is that of the first object.
  async merge(ids: readonly number[]): Promise<void> {
    const all = this.approvedOf(ids).map(({ id }) => id)
    await this.consent.withSeen(all, { verb: 'Merge', atLeast: 2 }, async (some) => {
      const first = await this.firstOfMerge(this.approvedOf(some))
      if (first === null) return
      await this.consent.changing(() => {
        this.core.select(new Set([first]))
        return this.editing.do({ kind: 'merge', objects: [first, ...some.filter((id) => id !== first)] })
      })
    })
  }

  private async firstOfMerge(objects: readonly ImageObject[]): Promise<number | null> {
    const labels = [...new Set(objects.map(({ label }) => label))]
    if (labels.length < 2) return objects[0]?.id ?? null
    const count = (label: number | null) => objects.filter((object) => object.label === label).length
    const choice = await this.core.ask({
      text: `Merge ${objects.length} objects of ${labels.length} labels?`,
      detail: 'One label is left. Which?',
      choices: labels.map((label) => `${labelName(this.core.state, label)} (${count(label)})`),
    })
    if (choice === null) return null
    return objects.find(({ label }) => label === labels[choice])?.id ?? null
  }

  setLocked(objects: number[], how: 'lock' | 'unlock'): Promise<void> {
    if (objects.length === 0) return Promise.resolve()
    return this.do({ kind: how, objects })
  }

  // An action on one object or on the image, for which an image that is done asks.
  do(action: ImageAction): Promise<void> {
    return this.consent.changing(() => this.editing.do(action))
  }

  // Prompts go on with an object: the one selected by hand, else the one made last, which is selected with it.
  setRefining(refining: 'on' | 'off'): void {
    if (refining === 'off') return this.core.store.set({ refining: false })
    const object = toRefine(this.core.state)
    if (!object) return this.core.notify('info', selectToRefine)
    if (object.locked)
      return this.core.notify(
        'info',
        `${nameIn(this.core.state, object)} is locked: unlock it (${keyOf('lock')}) to refine it`,
      )
    this.editing.forgetPainted()
    this.core.select(new Set([object.id]))
    this.core.store.set({ refining: true })
  }

  // An action on several objects, with those of them that are meant. `verb`: "Fill the holes of".
  async doSeen(
    ids: readonly number[],
    verb: string,
    action: (objects: number[]) => ImageAction,
  ): Promise<void> {
    if (ids.length === 0) return
    await this.consent.withSeen(ids, { verb, atLeast: 1 }, (some) => this.do(action(some)))
  }

  private unlockedOf(ids: readonly number[], otherwise: string): number[] {
    const { objects } = this.core.state
    const open = ids.filter((id) => objects.get(id)?.locked === false)
    if (open.length < ids.length) this.core.notify('info', otherwise)
    return open
  }

  private approvedOf(ids: readonly number[]): ImageObject[] {
    const { objects } = this.core.state
    return ids.flatMap((id) => objects.get(id) ?? []).filter(({ state }) => state === 'approved')
  }
}

function slicesOf(objects: readonly ImageObject[], { axis }: Plane): Set<number> {
  const slices = new Set<number>()
  for (const { plane, bounds } of objects) {
    const [first, last] = plane?.axis === axis ? [plane.slice, plane.slice] : (bounds?.[axis] ?? [0, -1])
    for (let slice = first; slice <= last; ++slice) slices.add(slice)
  }
  return slices
}

// Several proposals are accepted in the order in which small ones within large ones come out as objects.
function inOrder(ids: readonly number[], { objects, project }: SessionState): number[] {
  const area = (id: number) => objects.get(id)?.area ?? 0
  const first = project?.overlap === 'overwrite' ? -1 : 1
  return [...ids].sort((a, b) => first * (area(a) - area(b)))
}
