// SPDX-License-Identifier: Apache-2.0
import { toolOf } from './tools'
import { panGesture } from './tools/pan'
import type { Gesture } from './tools/tool'
import { windowGesture } from './tools/window'
import type { ViewerStage } from './viewer_stage'
import type { PointCss } from './view_transform'

const notchDelta = 50 // a wheel with notches gives more at once than a trackpad
const trackpadDelta = 30 // per slice
const zoomPerDelta = { notch: 0.0022, pinch: 0.01 }

interface Held {
  pointer: number
  gesture: Gesture
}

type Buttons = Pick<PointerEvent, 'button' | 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'>

// What a press does: with the middle button, the space bar or Shift and the right button the same whatever the tool. Null: it
// is done already, or means nothing.
export function gestureOf(stage: ViewerStage, event: Buttons, at: PointCss, space: boolean): Gesture | null {
  const { button, shiftKey: shift, altKey } = event
  const ctrl = event.ctrlKey || event.metaKey
  if (button === 1 || (space && button === 0)) return panGesture(stage, at)
  if (button === 2 && shift) return windowGesture(stage, at)
  if (![0, 2, 5].includes(button)) return null
  const { press } = toolOf(stage.session.getState().tool)
  return press(stage, { at, button, shift, ctrl, otherWay: button !== 0 || ctrl || altKey })
}

// Mouse, pen and wheel over the picture.
export class PointerInput {
  private held: Held | null = null
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
    this.held?.gesture.cancel()
    this.listening.abort()
  }

  private at(event: MouseEvent): PointCss {
    const { left, top } = this.root.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  private press(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest('button, input, select')) return
    this.root.focus({ preventScroll: true })
    if (this.held || !this.stage.isReady()) return
    event.preventDefault()
    const gesture = gestureOf(this.stage, event, this.at(event), this.space)
    if (!gesture) return
    this.root.setPointerCapture(event.pointerId)
    this.held = { pointer: event.pointerId, gesture }
  }

  private move(event: PointerEvent): void {
    const at = this.at(event)
    this.stage.hover(at, this.held === null)
    if (this.held?.pointer !== event.pointerId) return
    const passed = event.getCoalescedEvents()
    this.held.gesture.move(passed.length > 0 ? passed.map((one) => this.at(one)) : [at])
  }

  private release(event: PointerEvent): void {
    this.take(event)?.end()
  }

  private cancel(event: PointerEvent): void {
    this.take(event)?.cancel()
  }

  private take(event: PointerEvent): Gesture | null {
    const { held } = this
    if (held?.pointer !== event.pointerId) return null
    this.held = null
    return held.gesture
  }

  private key(event: KeyboardEvent): void {
    if (event.code === 'Space') {
      event.preventDefault()
      this.holdSpace(true)
    }
    if (event.code === 'Escape' && this.held) {
      event.preventDefault()
      this.held.gesture.cancel()
      this.held = null
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
