// SPDX-License-Identifier: Apache-2.0
import type { Bundle, ImageAction, Plane } from '../wire/types'
import { isLost, sentence } from './faults'

// An action on its way. `fill`: it concerns the object that the answer to an earlier request has made.
export interface PendingAction {
  image: number
  request: string
  view: Plane
  action: ImageAction
  fill: { field: 'object' | 'objects' | 'proposal'; from: string } | null
  // The request under way that an undo or redo is for: if that changes nothing, neither does this.
  about: string | null
}

export interface OutboxHooks {
  send(pending: PendingAction): Promise<Bundle>
  answered(pending: PendingAction, bundle: Bundle): number | null // the id of the object it has made
  refused(pending: PendingAction, fault: unknown): void
  dropped(pending: PendingAction): void // what it is about was refused
  changed(): void // `size` or `lost`
}

// What survives a reload of the tab: its unanswered actions, which are sent again with the same request ids.
export type KeyValueStore = Pick<Storage, 'getItem' | 'setItem'>
const keptUnder = 'sonde-outbox'
const nothing = 'nothing' // stands for a request that has changed nothing
const delaysMs = [250, 500, 1000, 2000, 4000]

// One queue an image: the actions on an image are sent in their order, each when the one before it has been
// answered. A lost connection is tried again until it works, with the same request id.
export class Outbox {
  private readonly queues = new Map<number, PendingAction[]>()
  private readonly settled = new Map<string, () => void>()
  private readonly made = new Map<string, number | null>()
  private readonly withoutEffect = new Set([nothing]) // requests that have changed nothing
  private readonly losses = new Map<number, string>() // by image
  private retry: (() => void)[] = []

  constructor(
    private readonly hooks: OutboxHooks,
    private readonly keep: KeyValueStore | null = null,
    private readonly delays: readonly number[] = delaysMs,
  ) {}

  // Resolves when the server has answered or refused.
  push(pending: PendingAction): Promise<void> {
    const queue = this.queues.get(pending.image)
    const done = new Promise<void>((resolve) => this.settled.set(pending.request, resolve))
    if (queue) queue.push(pending)
    else {
      this.queues.set(pending.image, [pending])
      void this.work(pending.image)
    }
    this.report()
    return done
  }

  // Takes up what a tab that was reloaded had not got answered.
  resume(): void {
    for (const pending of this.kept()) void this.push(pending)
  }

  pending(image: number): readonly PendingAction[] {
    return this.queues.get(image) ?? []
  }

  // The objects whose acceptance has not been answered yet.
  accepting(image: number): ReadonlySet<number> {
    const actions = this.pending(image).map((pending) => this.fill(pending)?.action)
    return new Set(actions.flatMap((action) => (action?.kind === 'accept' ? action.objects : [])))
  }

  // The request under way that an undo or redo is about if it is pushed now; null: one that has been answered.
  counterpart(image: number, kind: 'undo' | 'redo'): string | null {
    const done: string[] = []
    const undone: string[] = []
    for (const { request, action } of this.pending(image)) {
      if (action.kind === 'undo') {
        done.pop()
        undone.push(request)
      } else {
        if (action.kind === 'redo') undone.pop()
        else undone.length = 0
        done.push(request)
      }
    }
    return (kind === 'undo' ? done : undone).at(-1) ?? null
  }

  get size(): number {
    let size = 0
    for (const queue of this.queues.values()) size += queue.length
    return size
  }

  // Why something is sent again and again; null: nothing is.
  get lost(): string | null {
    return [...this.losses.values()][0] ?? null
  }

  // Tries at once instead of waiting out the delay.
  retryNow(): void {
    const waiting = this.retry
    this.retry = []
    for (const wake of waiting) wake()
  }

  private async work(image: number): Promise<void> {
    const queue = this.queues.get(image)!
    for (let pending = queue[0]; pending; pending = queue[0]) {
      await this.deliver(pending)
      queue.shift()
      this.resolveThoseBehind(queue, pending.request)
      if (queue.length === 0) this.queues.delete(image)
      this.settled.get(pending.request)?.()
      this.settled.delete(pending.request)
      this.report()
    }
  }

  private async deliver(pending: PendingAction): Promise<void> {
    const filled = this.fill(pending)
    if (!filled || (pending.about !== null && this.withoutEffect.has(pending.about))) {
      this.noteWithoutEffect(pending)
      this.hooks.dropped(pending)
      return
    }
    for (let attempt = 0; ; ++attempt) {
      try {
        const bundle = await this.hooks.send(filled)
        this.losses.delete(pending.image)
        if (bundle.changed.length + bundle.removed.length === 0) this.withoutEffect.add(pending.request)
        this.made.set(pending.request, this.hooks.answered(filled, bundle))
        return
      } catch (fault) {
        if (!isLost(fault, attempt)) {
          this.losses.delete(pending.image)
          this.noteWithoutEffect(pending)
          this.hooks.refused(filled, fault)
          return
        }
        this.losses.set(pending.image, sentence(fault))
        this.report()
        await this.pause(this.delays[Math.min(attempt, this.delays.length - 1)]!)
      }
    }
  }

  // Fills in what they wait for, so that a reload keeps it.
  private resolveThoseBehind(queue: PendingAction[], request: string): void {
    for (const [i, behind] of queue.entries()) {
      const about = behind.about === request && this.withoutEffect.has(request) ? nothing : behind.about
      const filled = behind.fill?.from === request ? this.fill(behind) : null
      queue[i] = { ...(filled ?? behind), about }
    }
  }

  private noteWithoutEffect({ request }: PendingAction): void {
    this.made.set(request, null)
    this.withoutEffect.add(request)
  }

  // Null when the request that should have made its object was refused.
  private fill(pending: PendingAction): PendingAction | null {
    if (!pending.fill) return pending
    const { field, from } = pending.fill
    const id = this.made.get(from)
    if (id === undefined || id === null) return null
    const value = field === 'objects' ? [id] : id
    return { ...pending, fill: null, action: { ...pending.action, [field]: value } as ImageAction }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.retry.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  private report(): void {
    this.keep?.setItem(keptUnder, JSON.stringify([...this.queues.values()].flat()))
    this.hooks.changed()
  }

  private kept(): PendingAction[] {
    try {
      const kept: unknown = JSON.parse(this.keep?.getItem(keptUnder) ?? '[]')
      return Array.isArray(kept) ? (kept as PendingAction[]) : []
    } catch {
      return []
    }
  }
}
