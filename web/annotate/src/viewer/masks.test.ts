// SPDX-License-Identifier: Apache-2.0
import type { WireMask } from '../wire/types'
import { describe, expect, it } from 'vitest'
import { maskBits, maskCovers, smallestAt } from './mask_bits'
import { outlines } from './outline'

function maskOf(object: number, x0: number, y0: number, rows: string[]): WireMask {
  const runs = [0]
  let inside = false
  for (const pixel of rows.join('')) {
    if ((pixel === '#') !== inside) runs.push(0)
    inside = pixel === '#'
    ++runs[runs.length - 1]!
  }
  const width = rows[0]!.length
  return {
    object,
    candidate: null,
    revision: 1,
    x0,
    y0,
    width,
    height: rows.length,
    runs: Uint32Array.from(runs),
  }
}

function outlinesOf(rows: string[]) {
  const mask = maskOf(1, 0, 0, rows)
  return outlines(maskBits(mask).bits, mask.width, mask.height)
}

// Shoelace: positive for loops with the inside on their right (y points down), negative for holes.
function areaOf(loop: number[]): number {
  let twice = 0
  for (let i = 0; i < loop.length; i += 2) {
    const [x, y] = [loop[i]!, loop[i + 1]!]
    const [nextX, nextY] = [loop[(i + 2) % loop.length]!, loop[(i + 3) % loop.length]!]
    twice += x * nextY - nextX * y
  }
  return twice / 2
}

describe('A mask', () => {
  const ring = maskOf(1, 10, 20, ['####', '#..#', '####'])
  const dot = maskOf(2, 12, 20, ['#'])

  it('counts the pixels that it covers', () => expect(maskBits(ring).count).toBe(10))

  it('covers its pixels, not its holes nor what lies beside it', () => {
    expect(maskCovers(ring, [10.4, 20.4])).toBe(true)
    expect(maskCovers(ring, [11, 21])).toBe(false)
    expect(maskCovers(ring, [14, 20])).toBe(false)
    expect(maskCovers(ring, [10, 19])).toBe(false)
  })

  it('is found under the cursor before a larger one below it', () => {
    expect(smallestAt([ring, dot], [12, 20])?.object).toBe(2)
    expect(smallestAt([ring, dot], [13, 20])?.object).toBe(1)
    expect(smallestAt([ring, dot], [0, 0])).toBeNull()
  })
})

describe('An outline', () => {
  it('goes around a rectangle by its four corners', () => {
    expect(outlinesOf(['##', '##', '##'])).toEqual([[0, 0, 2, 0, 2, 3, 0, 3]])
  })

  it('has a loop for each hole, in the other direction', () => {
    const areas = outlinesOf(['####', '#..#', '####']).map(areaOf)
    expect(areas.sort((a, b) => a - b)).toEqual([-2, 12])
  })

  it('keeps pixels apart that touch by a corner', () => {
    expect(outlinesOf(['#.', '.#'])).toHaveLength(2)
  })

  it('encloses as many pixels as the mask has, whatever its shape', () => {
    let state = 7
    for (let i = 0; i < 50; ++i) {
      const rows = Array.from({ length: 13 }, () =>
        Array.from({ length: 17 }, () => ((state = (state * 48271) % 2147483647) % 3 ? '#' : '.')).join(''),
      )
      const loops = outlinesOf(rows)
      const pixels = rows.join('').replaceAll('.', '').length
      expect(loops.map(areaOf).reduce((sum, area) => sum + area, 0)).toBe(pixels)
    }
  })
})
