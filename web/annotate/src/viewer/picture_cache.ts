// SPDX-License-Identifier: Apache-2.0
import type { Picture, Plane } from '../wire/types'

export type PictureRequest = (image: number, plane: Plane, signal: AbortSignal) => Promise<Picture>

export function pictureKey(image: number, plane: Plane): string {
  return `${image}/${plane.axis}/${plane.slice}`
}

export interface CacheHooks {
  loaded(key: string): void
  failed(key: string, error: unknown): void // of the picture that is waited for
}

const maxRequests = 4
const retryMs = 1000

// Pictures that were looked at lately and those that will be next. What is no longer wanted is no longer asked for.
export class PictureCache {
  private readonly pictures = new Map<string, Picture>() // the least recently used first
  private readonly underWay = new Map<string, AbortController>()
  private wanted: { key: string; image: number; plane: Plane }[] = []
  private failedKeys = new Set<string>()
  private bytes = 0
  private retry: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly request: PictureRequest,
    private readonly hooks: CacheHooks,
    private readonly capacityBytes = 384 * 2 ** 20,
  ) {}

  get(image: number, plane: Plane): Picture | null {
    const key = pictureKey(image, plane)
    const picture = this.pictures.get(key)
    if (!picture) return null
    this.pictures.delete(key)
    this.pictures.set(key, picture)
    return picture
  }

  // The first plane is waited for, the others may come later, in this order.
  want(image: number, planes: readonly Plane[]): void {
    clearTimeout(this.retry)
    this.failedKeys.clear()
    this.wanted = planes.map((plane) => ({ key: pictureKey(image, plane), image, plane }))
    const keys = new Set(this.wanted.map(({ key }) => key))
    for (const [key, controller] of this.underWay)
      if (!keys.has(key)) {
        this.underWay.delete(key)
        controller.abort()
      }
    this.ask()
  }

  close(): void {
    this.want(0, [])
  }

  private ask(): void {
    this.wanted.forEach(({ key, image, plane }, i) => {
      if (this.pictures.has(key) || this.underWay.has(key) || this.failedKeys.has(key)) return
      if (i === 0 || this.underWay.size < maxRequests) void this.load(key, image, plane)
    })
  }

  private async load(key: string, image: number, plane: Plane): Promise<void> {
    const controller = new AbortController()
    this.underWay.set(key, controller)
    try {
      const picture = await this.request(image, plane, controller.signal)
      this.keep(key, picture)
      if (this.underWay.get(key) === controller) this.underWay.delete(key)
      this.hooks.loaded(key)
    } catch (error) {
      if (controller.signal.aborted) return
      this.underWay.delete(key)
      this.fail(key, error)
    }
    this.ask()
  }

  private fail(key: string, error: unknown): void {
    this.failedKeys.add(key)
    if (this.wanted[0]?.key !== key) return
    this.hooks.failed(key, error)
    this.retry = setTimeout(() => {
      this.failedKeys.delete(key)
      this.ask()
    }, retryMs)
  }

  private keep(key: string, picture: Picture): void {
    if (this.pictures.has(key)) return
    this.pictures.set(key, picture)
    this.bytes += picture.values.byteLength
    for (const [oldest, { values }] of this.pictures) {
      if (this.bytes <= this.capacityBytes || oldest === key) break
      this.pictures.delete(oldest)
      this.bytes -= values.byteLength
    }
  }
}

// The slice in view, then those ahead, then a few behind.
export function nearbyPlanes(
  plane: Plane,
  direction: 1 | -1,
  slices: number,
  ahead = 8,
  behind = 2,
): Plane[] {
  const near = [plane.slice]
  for (let step = 1; step <= ahead; ++step) near.push(plane.slice + direction * step)
  for (let step = 1; step <= behind; ++step) near.push(plane.slice - direction * step)
  return near.filter((slice) => slice >= 0 && slice < slices).map((slice) => ({ axis: plane.axis, slice }))
}
