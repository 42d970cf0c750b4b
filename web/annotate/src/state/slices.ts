// SPDX-License-Identifier: Apache-2.0
import { maskKey } from './session_state'
import type { Bundle, ImageObject, Plane, WireMask } from '../wire/types'

export function planeKey(plane: Plane): string {
  return `${plane.axis}:${plane.slice}`
}

export function samePlane(a: Plane | null, b: Plane | null): boolean {
  return a !== null && b !== null && a.axis === b.axis && a.slice === b.slice
}

// A slice that shows `object`, along the axis in view if it can be: the one in view, else where it was asked for, else
// the middle one. Null: it has no pixels anywhere.
export function showing(object: ImageObject, plane: Plane): Plane | null {
  if (object.plane) return object.plane
  const range = object.bounds?.[plane.axis]
  if (!range) return null
  if (range[0] <= plane.slice && plane.slice <= range[1]) return plane
  return { axis: plane.axis, slice: Math.round((range[0] + range[1]) / 2) }
}

export type Masks = ReadonlyMap<string, WireMask>
const noMasks: Masks = new Map()

interface CachedSlice {
  masks: Masks
  since: number | null // every change up to this revision is in `masks`; null: not asked for yet
}

// The masks of the slices of one image that have been looked at lately, and the image's objects.
export class ImageContents {
  private readonly slices = new Map<string, CachedSlice>()
  private readonly gone = new Map<number, number>() // object -> revision at which it went
  objects: ReadonlyMap<number, ImageObject>

  constructor(
    objects: readonly ImageObject[],
    private readonly capacity = 96,
  ) {
    this.objects = new Map(objects.map((object) => [object.id, object]))
  }

  masksOn(plane: Plane): Masks {
    const masks = this.slices.get(planeKey(plane))?.masks ?? noMasks
    const left = [...masks].filter(([, mask]) => this.objects.has(mask.object))
    return left.length === masks.size ? masks : new Map(left)
  }

  // The revision to ask for changes since; null: ask for every mask.
  since(plane: Plane): number | null {
    return this.slices.get(planeKey(plane))?.since ?? null
  }

  // Takes in an answer that was made for `plane`. 'part': it holds what one action has changed; else everything up to
  // its revision. Answers may come in any order: what is older than what is known is left alone.
  take(bundle: Bundle, plane: Plane, extent: 'part' | 'complete'): void {
    const changed = bundle.changed.filter((object) => this.isNews(object))
    this.objects = withChanges(this.objects, changed, this.goneIn(bundle))
    const cached = this.touch(plane)
    const masks = new Map(cached.masks)
    const news = new Set(changed.map(({ id }) => id))
    const late = new Set(bundle.changed.filter(({ id }) => !news.has(id)).map(({ id }) => id))
    dropCandidates(masks, news)
    for (const mask of bundle.masks) {
      if (late.has(mask.object) || !this.objects.has(mask.object)) continue
      const key = maskKey(mask.object, mask.candidate)
      const known = masks.get(key)
      if (known && known.revision > mask.revision) continue
      if (mask.width === 0) masks.delete(key)
      else masks.set(key, mask)
    }
    cached.masks = masks
    if (extent === 'complete') cached.since = Math.max(cached.since ?? 0, bundle.revision)
  }

  private isNews(object: ImageObject): boolean {
    const known = this.objects.get(object.id)
    if (known) return object.revision >= known.revision
    return object.revision > (this.gone.get(object.id) ?? -1)
  }

  private goneIn(bundle: Bundle): number[] {
    return bundle.removed.filter((id) => {
      const known = this.objects.get(id)
      if (known && known.revision > bundle.revision) return false
      this.gone.set(id, Math.max(this.gone.get(id) ?? 0, bundle.revision))
      return true
    })
  }

  private touch(plane: Plane): CachedSlice {
    const key = planeKey(plane)
    const cached = this.slices.get(key) ?? { masks: noMasks, since: null }
    this.slices.delete(key)
    this.slices.set(key, cached)
    for (const oldest of this.slices.keys()) {
      if (this.slices.size <= this.capacity) break
      this.slices.delete(oldest)
    }
    return cached
  }
}

function withChanges(
  objects: ReadonlyMap<number, ImageObject>,
  changed: readonly ImageObject[],
  removed: readonly number[],
): ReadonlyMap<number, ImageObject> {
  if (changed.length === 0 && removed.length === 0) return objects
  const next = new Map(objects)
  for (const object of changed) next.set(object.id, object)
  for (const id of removed) next.delete(id)
  return next
}

function dropCandidates(masks: Map<string, WireMask>, objects: ReadonlySet<number>): void {
  for (const [key, mask] of masks) if (mask.candidate !== null && objects.has(mask.object)) masks.delete(key)
}
