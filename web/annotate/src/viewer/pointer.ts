// SPDX-License-Identifier: Apache-2.0
import { boxGesture, lassoGesture, panGesture, strokeGesture, windowGesture, type Gesture } from './gestures'
import { intentOf, type Intent } from './intent'
import type { ViewerStage } from './viewer_stage'
import { isInside, type PointCss } from './view_transform'

const clickCss = 4 // a press that moves less is a click
const notchDelta = 50 // a wheel with notches gives more at once than a trackpad
const trackpadDelta = 30 // per slice
const zoomPerDelta = { notch: 0.0022, pinch: 0.01 }

// What they draw is of the picture that they began on: with another in view at their end, they are dropped.
const drawing: ReadonlySet<Intent['do']> = new Set(['box', 'stroke', 'lasso'] as const)

interface Held {
  pointer: number
  start: PointCss
  does: Gesture
  click: (() => void) | null
  place: string | null // of what draws
}

// Mouse, pen and wheel over the picture.
export class PointerInput {
  private gesture: Held | null = null
  private space = false
  private scrolled = 0
  private readonly listening = new AbortController()

  constructor(
    private readonly root: HTMLElement,
    private readonly stage: ViewerStage,
  ) {
    const { signal } = this.listening
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) => root.addEventListener(type, listener, { signal, passive: false })
    on('pointerdown', (event) => this.press(event))
    on('pointermove', (event) => this.move(event))
    on('pointerup', (event) => this.release(event))
    on('pointercancel', (event) => this.cancel(event))
    on('lostpointercapture', (event) => this.cancel(event))
    on('pointerleave', () => this.stage.leave())
    on('contextmenu', (event) => event.preventDefault())
    on('auxclick', (event) => event.preventDefault())
    on('wheel', (event) => this.wheel(event))
    on('keydown', (event) => this.key(event))
    window.addEventListener('keyup', (event) => this.holdSpace(event.code === 'Space' ? false : this.space), {
      signal,
    })
    window.addEventListener('blur', () => this.holdSpace(false), { signal })
  }

  destroy(): void {
    this.gesture?.does.cancel()
    this.listening.abort()
  }

  private at(event: MouseEvent): PointCss {
    const { left, top } = this.root.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  private press(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest('button, input, select')) return
    this.root.focus({ preventScroll: true })
    if (this.gesture || !this.stage.isReady()) return
    const { tool } = this.stage.session.getState()
    const intent = intentOf(event, tool, this.space)
    if (!intent) return
    event.preventDefault()
    const start = this.at(event)
    const does = this.begin(intent, start)
    if (!does) return
    const click =
      intent.do === 'pan' && tool === 'pan' && event.button === 0 ? () => this.pick(start, 'only') : null
    this.root.setPointerCapture(event.pointerId)
    const place = drawing.has(intent.do) ? this.stage.place() : null
    this.gesture = { pointer: event.pointerId, start, does, click, place }
  }

  // Null: it is done already.
  private begin(intent: Intent, start: PointCss): Gesture | null {
    switch (intent.do) {
      case 'point':
        this.ask(start, intent.label)
        return null
      case 'pick':
        this.pick(start, intent.how)
        return null
      case 'pan':
        return panGesture(this.stage, start)
      case 'window':
        return windowGesture(this.stage, start)
      case 'box':
        return boxGesture(this.stage, start)
      case 'stroke':
        return strokeGesture(this.stage, start, intent.paint)
      case 'lasso':
        return lassoGesture(this.stage, start, intent.paint)
    }
  }

  private ask(at: PointCss, label: 0 | 1): void {
    const point = this.stage.pixel(at)
    if (!isInside(point, this.stage.picture())) return
    const [x, y] = point.map((value) => Math.round(value * 16) / 16)
    void this.stage.session.editing.addPoint({ x: x!, y: y!, label })
  }

  private pick(at: PointCss, how: 'only' | 'toggle'): void {
    this.stage.session.objects.pick(this.stage.objectAt(this.stage.pixel(at)), how)
  }

  private move(event: PointerEvent): void {
    const at = this.at(event)
    this.stage.hover(at, this.gesture === null)
    if (!this.gesture || this.gesture.pointer !== event.pointerId) return
    const { start } = this.gesture
    if (this.gesture.click && Math.hypot(at[0] - start[0], at[1] - start[1]) < clickCss) return
    this.gesture.click = null
    const passed = event.getCoalescedEvents()
    this.gesture.does.move((passed.length > 0 ? passed : [event]).map((one) => this.at(one)))
  }

  private release(event: PointerEvent): void {
    const { gesture } = this
    if (!gesture || gesture.pointer !== event.pointerId) return
    this.gesture = null
    if (gesture.click) gesture.click()
    if (gesture.place !== null && gesture.place !== this.stage.place()) return gesture.does.cancel()
    gesture.does.end()
  }

  private cancel(event: PointerEvent): void {
    const { gesture } = this
    if (!gesture || gesture.pointer !== event.pointerId) return
    this.gesture = null
    gesture.does.cancel()
  }

  private key(event: KeyboardEvent): void {
    if (event.code === 'Space') {
      event.preventDefault()
      this.holdSpace(true)
    }
    if (event.code === 'Escape' && this.gesture) {
      event.preventDefault()
      this.gesture.does.cancel()
      this.gesture = null
    }
  }

  private holdSpace(held: boolean): void {
    if (held === this.space) return
    this.space = held
    this.stage.showCursor(held ? 'pan' : null)
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1
    const delta = event.deltaY * lines
    if (event.ctrlKey || event.metaKey || !this.stage.isVolume())
      this.stage.zoom(
        Math.exp(-delta * zoomPerDelta[Math.abs(delta) < notchDelta ? 'pinch' : 'notch']),
        this.at(event),
      )
    else this.scroll(delta)
  }

  // A notch is a slice.
  private scroll(delta: number): void {
    if (Math.abs(delta) >= notchDelta) {
      this.scrolled = 0
      return this.stage.step(Math.sign(delta))
    }
    this.scrolled += delta
    const steps = Math.trunc(this.scrolled / trackpadDelta)
    this.scrolled -= steps * trackpadDelta
    if (steps !== 0) this.stage.step(steps)
  }
}
