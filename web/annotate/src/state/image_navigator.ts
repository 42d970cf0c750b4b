// SPDX-License-Identifier: Apache-2.0
import type { Opened, Plane, ResolvedWindow } from '../wire/types'
import { nothingOpen, type Core } from './core'
import { isAway, sentence } from './faults'
import { ImageContents, samePlane } from './slices'

const focusDelayMs = 120
const embeddingPollMs = 250

interface LeftAt {
  plane: Plane
  window: ResolvedWindow
}

// Which image, plane and window is in view, its masks, and the embedding that is computed for it.
export class ImageNavigator {
  private wanted = 0 // counts what is asked to be opened: the last one wins
  private readonly leftAt = new Map<number, LeftAt>()
  private fetching: Promise<void> | null = null
  private stale = false // the masks in view are to be fetched (again)
  private focusTimer: ReturnType<typeof setTimeout> | undefined
  private focusRound = 0

  constructor(
    private readonly core: Core,
    private readonly closing: () => void, // before the image is left
  ) {}

  async openImage(id: number): Promise<void> {
    const { core } = this
    const { opened, plane, window } = core.state
    const round = ++this.wanted
    if (opened && plane && window) this.leftAt.set(opened.image.id, { plane, window })
    this.closing()
    core.store.set({ image: id, opening: true, fault: null })
    try {
      const next = await core.client.open(id)
      if (round === this.wanted) this.show(next)
    } catch (error) {
      if (round !== this.wanted) return
      core.replaceContents(null, 0)
      core.store.set({ ...nothingOpen, fault: isAway(error) ? null : sentence(error) })
    } finally {
      if (round === this.wanted) core.store.set({ opening: false })
    }
    // The server may have been back before the fault came here.
    const now = core.state
    if (round === this.wanted && !now.opened && now.fault === null && now.connection === 'there')
      this.resume()
  }

  goTo(plane: Plane): void {
    const { opened, plane: current } = this.core.state
    const shape = opened?.planes.find(({ axis }) => axis === plane.axis)
    if (!opened || !shape) return
    const slice = Math.min(Math.max(Math.round(plane.slice), 0), shape.slices - 1)
    const next = { axis: plane.axis, slice }
    if (samePlane(next, current)) return
    this.core.store.set({
      plane: next,
      masks: this.core.contents?.masksOn(next) ?? new Map(),
      hovered: null,
      embedding: 'queued',
    })
    void this.refresh()
    this.focusSoon()
  }

  setWindow(window: ResolvedWindow, when: 'dragging' | 'final'): void {
    this.core.store.set({ window })
    if (when === 'final') this.focusSoon()
  }

  // Fetches what has changed on the plane in view: at once, or as soon as the fetch under way has been answered.
  refresh(): Promise<void> {
    this.stale = true
    return (this.fetching ??= this.fetchMasks())
  }

  // When the server responds again: it may have been restarted, and then knows nothing of what is in view.
  resume(): void {
    const { image, opened, opening } = this.core.state
    if (image === null || opening) return
    if (opened?.image.id !== image) void this.openImage(image)
    else {
      void this.refresh()
      void this.focus()
    }
  }

  private show(opened: Opened): void {
    const { core } = this
    const left = this.leftAt.get(opened.image.id)
    core.replaceContents(new ImageContents(opened.objects), opened.revision)
    core.store.set({
      ...nothingOpen,
      opened,
      plane: left?.plane ?? opened.default_plane,
      window: left?.window ?? opened.window,
      undo: opened.undo,
      redo: opened.redo,
    })
    core.takeSummaries([opened.image])
    core.showContents()
    void this.refresh()
    void this.focus()
  }

  private async fetchMasks(): Promise<void> {
    while (this.stale) {
      this.stale = false
      await this.fetchPlane()
    }
    this.fetching = null
  }

  private async fetchPlane(): Promise<void> {
    const { core } = this
    const { opened, plane } = core.state
    if (!opened || !plane || !core.contents) return
    const { contents } = core
    const since = contents.since(plane)
    try {
      const bundle = await (since === null
        ? core.client.masks(opened.image.id, plane)
        : core.client.imageChanges(opened.image.id, since, plane))
      if (core.contents === contents) core.takeBundle(opened.image.id, plane, bundle, 'complete')
    } catch {
      // They are fetched again when the server is back.
    }
  }

  private focusSoon(): void {
    clearTimeout(this.focusTimer)
    this.focusRound++
    this.focusTimer = setTimeout(() => void this.focus(), focusDelayMs)
  }

  // Has the picture in view encoded next, and follows that until it is ready.
  private async focus(): Promise<void> {
    const { core } = this
    clearTimeout(this.focusTimer)
    const { opened, plane, window } = core.state
    if (!opened || !plane || !window) return
    const round = ++this.focusRound
    const asked = { plane, window: window.name }
    core.store.set({ embedding: 'queued', embeddingMessage: '' })
    for (let first = true; round === this.focusRound; first = false) {
      try {
        const answer = first
          ? await core.client.focus(opened.image.id, asked)
          : await core.client.embedding(opened.image.id, asked)
        if (round !== this.focusRound) return
        core.store.set({ embedding: answer.embedding, embeddingMessage: answer.message })
        if (answer.embedding === 'ready' || answer.embedding === 'failed') return
      } catch (error) {
        if (isAway(error)) return // resume() asks again
      }
      await new Promise((resolve) => setTimeout(resolve, embeddingPollMs))
    }
  }
}
