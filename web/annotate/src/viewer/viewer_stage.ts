// SPDX-License-Identifier: Apache-2.0
import type { Session } from '../state/session'
import { maskKey, type PaintTarget, type SessionState } from '../state/session_state'
import { paintedObject, paintTarget, type Paint } from '../state/painting'
import type { BoxPx, ImagePlane, Picture, Plane, PointPx, Radii } from '../wire/types'
import { radiiOf, type Span } from './brush'
import { readout } from './decorations'
import { greyRange } from './grey_window'
import { LiveLayer, type LiveScene } from './live_layer'
import { meetsSpans, smallestAt } from './mask_bits'
import { boxOf, isSeenIn, MaskLayer, withLines } from './mask_layer'
import type { Pen } from './pen'
import { nearbyPlanes, PictureCache, pictureKey, type PictureRequest } from './picture_cache'
import { PictureView } from './picture_view'
import { Previews } from './previews'
import { changedMasks, isSameScene, paintedColour, previewMasks, reachableMasks, shapesOf } from './scene'
import type { StrokePreview } from './stroke_preview'
import { toolOf, type ToolId } from './tools'
import {
  fitted,
  isInside,
  pixelAt,
  resized,
  zoomed,
  type PointCss,
  type Rect,
  type Size,
  type View,
} from './view_transform'

export interface ViewerElements {
  root: HTMLElement // its data attributes say what is on the screen: see `publishShown`
  picture: HTMLDivElement
  masks: HTMLCanvasElement
  outlines: HTMLCanvasElement
  live: HTMLCanvasElement
  readout: HTMLElement
  message: HTMLElement
}

// What a stroke that is being drawn changes.
export interface Painting {
  paint: Paint
  target: PaintTarget | null
}

// What the gesture under way shows.
interface Live {
  box: BoxPx | null // in place of that of the prompts
  draw: ((pen: Pen) => void) | null
  painting: Painting | null
}

interface Shown {
  key: string
  image: number
  plane: Plane
  shape: ImagePlane
  picture: Picture
}

const plainColour = '#ffffff'
const loadingHintDelayMs = 400 // before the page says that a picture is being read

// Joins the session's state with what is on the screen. Everything is drawn in animation frames, and only what changed.
export class ViewerStage {
  readonly live: Live = { box: null, draw: null, painting: null }
  private readonly pictureView: PictureView
  private readonly maskLayer: MaskLayer
  private readonly liveLayer: LiveLayer
  private readonly cache: PictureCache
  private readonly previews = new Previews()
  private readonly watching = new ResizeObserver(() => this.resize())
  private readonly unsubscribe: () => void
  private state: SessionState
  private shown: Shown | null = null
  private size: Size = { width: 1, height: 1 }
  private ratio = 1
  private fit: View = { left: 0, top: 0, scaleX: 1, scaleY: 1 }
  private at: View = this.fit
  private direction: 1 | -1 = 1
  private pointer: PointCss | null = null
  private hovering = false
  private frame = 0
  private stale: { masks: Rect[] | 'all'; live: boolean } = { masks: 'all', live: true }
  private loadingHint: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly session: Session,
    private readonly elements: ViewerElements,
    request: PictureRequest,
  ) {
    this.state = session.getState()
    this.pictureView = new PictureView(elements.picture)
    this.maskLayer = new MaskLayer(elements.masks, elements.outlines)
    this.liveLayer = new LiveLayer(elements.live)
    this.cache = new PictureCache(request, {
      loaded: () => this.showPicture(),
      failed: (_, error) =>
        this.showMessage(`The picture cannot be read: ${error instanceof Error ? error.message : error}`),
    })
    elements.root.dataset.drawing = this.pictureView.drawing
    this.watching.observe(elements.root)
    this.resize()
    this.unsubscribe = session.subscribe(() => this.update())
    this.follow()
    this.showCursor(null)
  }

  destroy(): void {
    this.unsubscribe()
    this.watching.disconnect()
    clearTimeout(this.loadingHint)
    cancelAnimationFrame(this.frame)
    this.cache.close()
    this.pictureView.destroy()
  }

  // Which picture is in view; '' while it is not shown yet.
  place(): string {
    const { opened, plane } = this.state
    return opened && plane && this.isReady() ? pictureKey(opened.image.id, plane) : ''
  }

  // Whether what is on the screen is what the session is at: else nothing can be drawn on it.
  isReady(): boolean {
    const { opened, plane } = this.state
    return !!opened && !!plane && this.shown?.key === pictureKey(opened.image.id, plane)
  }

  isVolume(): boolean {
    return (this.shown?.shape.slices ?? 1) > 1
  }

  picture(): Size {
    return this.shown?.shape ?? { width: 1, height: 1 }
  }

  brush(): Radii {
    return radiiOf(this.state.brushRadius, this.shown?.shape.pixel_mm ?? null)
  }

  view(): View {
    return this.at
  }

  setView(view: View): void {
    this.at = view
    this.pictureView.place(view)
    this.redrawMasks(null)
    this.redrawLive()
  }

  pixel(at: PointCss): PointPx {
    return pixelAt(this.at, at)
  }

  zoom(factor: number, at: PointCss): void {
    this.setView(zoomed(this.at, factor, at, this.fit))
  }

  step(slices: number): void {
    const { plane } = this.state
    if (plane) this.session.navigator.goTo({ axis: plane.axis, slice: plane.slice + slices })
  }

  objectAt(point: PointPx): number | null {
    return smallestAt(reachableMasks(this.state), point)?.object ?? null
  }

  hover(at: PointCss, free: boolean): void {
    this.pointer = at
    this.redrawLive()
    const point = this.pixel(at)
    this.showReadout(point)
    if (!free || !this.isReady()) return
    const object = toolOf(this.state.tool).hovers ? this.objectAt(point) : null
    if (object === null && !this.hovering) return
    this.hovering = object !== null
    if (object !== this.state.hovered) this.session.display.hover(object)
  }

  leave(): void {
    this.pointer = null
    this.redrawLive()
    this.elements.readout.textContent = ''
    if (this.hovering) this.session.display.hover(null)
    this.hovering = false
  }

  showCursor(tool: ToolId | null): void {
    this.elements.root.style.cursor = toolOf(tool ?? this.state.tool).cursor
  }

  // What a stroke changes that begins with `spans`, or a polygon around them; null: nothing.
  paintTarget(paint: Paint, spans: () => readonly Span[]): PaintTarget | null {
    const touches = (object: number) => {
      const mask = this.state.masks.get(maskKey(object, null))
      return mask !== undefined && mask.width > 0 && meetsSpans(mask, spans())
    }
    return paintTarget(this.state, paint, touches)
  }

  beginPreview(target: PaintTarget): StrokePreview {
    return this.previews.begin(this.state, this.picture(), target)
  }

  endPreview(preview: StrokePreview, done: Promise<void>): void {
    void done.finally(() => this.dropPreview(preview))
  }

  dropPreview(preview: StrokePreview): void {
    this.previews.drop(preview)
    this.redrawMasks(null)
  }

  redrawMasks(area: Rect | null): void {
    const { masks } = this.stale
    this.stale.masks = area === null || masks === 'all' ? 'all' : [...masks, area]
    this.schedule()
  }

  private redrawChanged(before: SessionState): void {
    const masks = changedMasks(before, this.state)
    if (masks === 'all') return this.redrawMasks(null)
    for (const mask of masks) this.redrawMasks(withLines(boxOf(mask), this.at))
  }

  redrawLive(): void {
    this.stale.live = true
    this.schedule()
  }

  private schedule(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.draw()
    })
  }

  private update(): void {
    const before = this.state
    const state = (this.state = this.session.getState())
    const moved = state.opened?.image.id !== before.opened?.image.id || state.plane !== before.plane
    if (moved) {
      if (state.plane && before.plane && state.plane.axis === before.plane.axis)
        this.direction = state.plane.slice < before.plane.slice ? -1 : 1
      this.previews.clear()
      this.follow()
    }
    if (state.window !== before.window) this.applyWindow()
    if (state.fitRequests !== before.fitRequests) this.fitPicture()
    if (state.tool !== before.tool) this.showCursor(null)
    if (moved) this.redrawMasks(null)
    else if (!isSameScene(state, before)) this.redrawChanged(before)
    this.redrawLive()
  }

  // Asks for the picture that the session is at, and for those that come next.
  private follow(): void {
    const { opened, plane } = this.state
    clearTimeout(this.loadingHint)
    const shape = opened?.planes.find(({ axis }) => axis === plane?.axis)
    if (!opened || !plane || !shape) {
      this.cache.close()
      this.shown = null
      this.elements.picture.style.visibility = 'hidden'
      this.showMessage('')
      return this.publishShown()
    }
    this.loadingHint = setTimeout(
      () => this.isReady() || this.showMessage('Reading the picture …'),
      loadingHintDelayMs,
    )
    this.cache.want(opened.image.id, nearbyPlanes(plane, this.direction, shape.slices))
    this.showPicture()
    this.publishShown()
  }

  private showPicture(): void {
    const { opened, plane } = this.state
    const shape = opened?.planes.find(({ axis }) => axis === plane?.axis)
    if (!opened || !plane || !shape || this.isReady()) return
    const picture = this.cache.get(opened.image.id, plane)
    if (!picture) return
    const { shown: before } = this
    const key = pictureKey(opened.image.id, plane)
    this.shown = { key, image: opened.image.id, plane, shape, picture }
    this.elements.picture.style.visibility = 'visible'
    this.showMessage('')
    if (before?.image !== opened.image.id || before.plane.axis !== plane.axis) this.fitPicture()
    this.applyWindow()
    const inverted = opened.photometric === 'grey_inverted'
    this.pictureView.show({ key, picture, pixelMm: shape.pixel_mm, inverted })
    if (this.pointer) this.showReadout(this.pixel(this.pointer))
    this.redrawMasks(null)
    this.redrawLive()
  }

  private applyWindow(): void {
    const { opened, window } = this.state
    if (!opened) return
    const colours = opened.photometric === 'rgb'
    this.pictureView.setRange(greyRange(colours ? null : window, opened.range))
  }

  private fitPicture(): void {
    if (!this.shown) return
    const { shape } = this.shown
    this.fit = fitted(this.size, shape, shape.pixel_mm)
    this.setView(this.fit)
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.elements.root
    const size = { width: Math.max(clientWidth, 1), height: Math.max(clientHeight, 1) }
    const before = this.size
    this.size = size
    this.ratio = window.devicePixelRatio || 1
    for (const canvas of [this.elements.masks, this.elements.outlines, this.elements.live]) {
      canvas.width = Math.round(size.width * this.ratio)
      canvas.height = Math.round(size.height * this.ratio)
    }
    this.pictureView.resize()
    const fits = this.at === this.fit
    if (this.shown) this.fit = fitted(size, this.shown.shape, this.shown.shape.pixel_mm)
    this.setView(fits ? this.fit : resized(this.at, before, size))
  }

  private draw(): void {
    const { masks, live } = this.stale
    this.stale = { masks: [], live: false }
    if (masks === 'all') this.drawMasks(null)
    else for (const area of masks) this.drawMasks(area)
    if (masks.length > 0) this.publishShown()
    if (live) this.liveLayer.draw(this.liveNow(), this.at, this.size, this.ratio)
  }

  private drawMasks(area: Rect | null): void {
    if (!this.isReady()) return this.maskLayer.clear()
    const { at: view, ratio } = this
    const shapes = shapesOf(this.state, (mask) => !area || isSeenIn(mask, area, view))
    this.maskLayer.draw(shapes, this.previews.shown, { view, ratio, area })
  }

  private liveNow(): LiveScene {
    const { draft, plane } = this.state
    const ready = this.isReady()
    const prompts =
      ready && draft && draft.plane.axis === plane?.axis && draft.plane.slice === plane.slice ? draft : null
    const { hover } = toolOf(this.state.tool)
    const { pointer } = this
    return {
      points: prompts?.points ?? [],
      box: this.live.box ?? prompts?.box ?? null,
      drawings: [
        ...(this.live.draw ? [this.live.draw] : []),
        ...(ready && hover && pointer ? [(pen: Pen) => hover(this, this.pixel(pointer), pen)] : []),
      ],
      axis: this.isVolume() ? this.shown!.plane.axis : null,
      mmPerPixel: this.shown?.shape.pixel_mm ?? null,
    }
  }

  colourOf(target: PaintTarget | null): string {
    return target ? paintedColour(this.state, paintedObject(this.state, target)?.id ?? null) : plainColour
  }

  private showReadout(point: PointPx): void {
    const { shown } = this
    const [x, y] = point.map(Math.round) as PointPx
    if (!shown || !isInside([x, y], shown.shape)) return void (this.elements.readout.textContent = '')
    const { channels, values, width } = shown.picture
    const first = (y * width + x) * channels
    this.elements.readout.textContent = readout(x, y, values.subarray(first, first + channels))
  }

  private showMessage(text: string): void {
    this.elements.message.textContent = text
  }

  // For tests and measurements, which wait for what is on the screen.
  private publishShown(): void {
    const { root } = this.elements
    const masks = this.isReady() ? [...this.state.masks.values()] : []
    root.dataset.image = `${this.shown?.image ?? ''}`
    root.dataset.axis = this.shown?.plane.axis ?? ''
    root.dataset.slice = `${this.shown?.plane.slice ?? ''}`
    root.dataset.frameReady = `${this.isReady()}`
    root.dataset.masks = `${masks.length}`
    root.dataset.preview = `${this.isReady() ? previewMasks(this.state).length : 0}`
    root.dataset.maskRevision = `${masks.reduce((newest, { revision }) => Math.max(newest, revision), 0)}`
  }
}
