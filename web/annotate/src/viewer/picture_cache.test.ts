// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest'
import type { Picture, Plane } from '../wire/types'
import { nearbyPlanes, PictureCache } from './picture_cache'

const slice = (n: number): Plane => ({ axis: 'axial', slice: n })
const picture = (bytes = 1): Picture => ({
  width: bytes,
  height: 1,
  channels: 1,
  values: new Uint8Array(bytes),
})

interface Asked {
  slice: number
  signal: AbortSignal
  answer(picture: Picture): void
  refuse(error: Error): void
}

function cacheWithServer(capacityBytes?: number) {
  const asked: Asked[] = []
  const hooks = { loaded: vi.fn(), failed: vi.fn() }
  const request = (_: number, plane: Plane, signal: AbortSignal) =>
    new Promise<Picture>((answer, refuse) => {
      signal.addEventListener('abort', () => refuse(new Error('aborted')))
      asked.push({ slice: plane.slice, signal, answer, refuse })
    })
  const cache = new PictureCache(request, hooks, capacityBytes)
  return { cache, asked, hooks }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('The cache of pictures', () => {
  it('asks for the slice in view and a few more, and for the rest as answers come', async () => {
    const { cache, asked } = cacheWithServer()
    cache.want(1, [0, 1, 2, 3, 4, 5].map(slice))
    expect(asked.map(({ slice }) => slice)).toEqual([0, 1, 2, 3])
    asked[0]!.answer(picture())
    await settled()
    expect(asked.map(({ slice }) => slice)).toEqual([0, 1, 2, 3, 4])
    expect(cache.get(1, slice(0))).not.toBeNull()
  })

  it('asks for the slice in view at once, however much is under way', () => {
    const { cache, asked } = cacheWithServer()
    cache.want(1, [0, 1, 2, 3].map(slice))
    cache.want(1, [9, 0, 1, 2, 3].map(slice))
    expect(asked.at(-1)!.slice).toBe(9)
  })

  it('drops requests for slices that have been passed', async () => {
    const { cache, asked, hooks } = cacheWithServer()
    cache.want(1, [0, 1, 2].map(slice))
    cache.want(1, [2, 3].map(slice))
    await settled()
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false, false])
    expect(hooks.failed).not.toHaveBeenCalled()
  })

  it('forgets what was looked at longest ago when it is full', async () => {
    const { cache, asked } = cacheWithServer(20)
    for (const n of [0, 1, 2]) {
      cache.want(1, [slice(n)])
      asked.at(-1)!.answer(picture(8))
      await settled()
      if (n === 1) cache.get(1, slice(0))
    }
    expect([0, 1, 2].map((n) => cache.get(1, slice(n)) !== null)).toEqual([true, false, true])
  })

  it('tells of a failure once and tries again after a second', async () => {
    vi.useFakeTimers()
    const { cache, asked, hooks } = cacheWithServer()
    cache.want(1, [slice(0)])
    asked[0]!.refuse(new Error('no such file'))
    await vi.advanceTimersByTimeAsync(10)
    expect(hooks.failed).toHaveBeenCalledTimes(1)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toHaveLength(2)
    vi.useRealTimers()
  })
})

describe('The slices that come next', () => {
  it('lie ahead first and stay within the volume', () => {
    expect(nearbyPlanes(slice(5), -1, 8, 3, 9).map(({ slice }) => slice)).toEqual([5, 4, 3, 2, 6, 7])
  })
})
