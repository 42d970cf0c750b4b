// SPDX-License-Identifier: Apache-2.0

const idleAfterMs = 30_000
const sendEveryMs = 10_000
const maxAtOnceMs = 60_000

// Measures the time that a person spends on an image: while the page is visible and there was input within 30 s.
export class ActiveTime {
  private image: number | null = null
  private spentMs = 0
  private lastInput = -Infinity
  private lastTick: number
  private sentAt: number

  constructor(
    private readonly send: (image: number, activeMs: number) => void,
    private readonly now: () => number,
    private readonly isVisible: () => boolean,
  ) {
    this.lastTick = now()
    this.sentAt = now()
  }

  noteInput(): void {
    this.tick()
    this.lastInput = this.now()
  }

  // What has been spent on the image before is sent.
  switchTo(image: number | null): void {
    this.tick()
    this.flush()
    this.image = image
  }

  // To be called every second or so, and when the page is hidden or shown.
  tick(): void {
    const now = this.now()
    const activeUntil = Math.min(now, this.lastInput + idleAfterMs)
    if (this.image !== null && this.isVisible()) this.spentMs += Math.max(0, activeUntil - this.lastTick)
    this.lastTick = now
    if (now - this.sentAt >= sendEveryMs) this.flush()
  }

  // The page goes.
  leave(): void {
    this.tick()
    this.flush()
  }

  private flush(): void {
    this.sentAt = this.now()
    const activeMs = Math.min(Math.round(this.spentMs), maxAtOnceMs)
    if (this.image === null || activeMs <= 0) return
    this.spentMs = 0
    this.send(this.image, activeMs)
  }
}
