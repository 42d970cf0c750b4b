// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest'
import { golden } from '../wire/golden.testing'
import type { PointPx, Radii } from '../wire/types'
import { polygonSpans, radiiOf, segmentSpans, strokeSpans, type Span } from './brush'

interface StrokeCase {
  name: string
  kind: 'stroke' | 'lasso'
  width: number
  height: number
  radii: Radii
  points: PointPx[]
  polygon: PointPx[]
  runs: number[]
}

const { cases } = golden<{ cases: StrokeCase[] }>('strokes')

function bitsOf(spans: readonly Span[], width: number, height: number): Uint8Array {
  const bits = new Uint8Array(width * height)
  for (const { row, begin, end } of spans) bits.fill(1, row * width + begin, row * width + end)
  return bits
}

function runsOf(bits: Uint8Array): number[] {
  const runs = [0]
  let inside = 0
  for (const bit of bits) {
    if (bit !== inside) runs.push(0)
    inside = bit
    ++runs[runs.length - 1]!
  }
  return runs
}

describe('The brush', () => {
  for (const { name, kind, width, height, radii, points, polygon, runs } of cases)
    it(`covers what the server covers: ${kind}, ${name}`, () => {
      const spans =
        kind === 'stroke' ? strokeSpans(points, radii, width, height) : polygonSpans(polygon, width, height)
      expect(runsOf(bitsOf(spans, width, height))).toEqual(runs)
    })

  it('is round in millimetres and covers a pixel wherever it is', () => {
    expect(radiiOf(8, null)).toEqual([8, 8])
    expect(radiiOf(8, [0.7, 0.7])).toEqual([8, 8])
    expect(radiiOf(8, [0.5, 2])).toEqual([8, 2])
    expect(radiiOf(8, [7.5, 0.5])).toEqual([0.75, 8])
    for (const at of [0, 0.25, 0.5, 0.75])
      expect(segmentSpans([5 + at, 5.5], [5 + at, 5.5], radiiOf(0.75, [7.5, 0.5]), 12, 12)).not.toEqual([])
  })

  it('covers every pixel that the definition covers and no other', () => {
    let state = 1
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647
    for (let i = 0; i < 300; ++i) {
      const [width, height] = [33, 27]
      const half = () => Math.round((random() * 60 - 12) * 2) / 2
      const at = (): PointPx => (i % 2 ? [half(), half()] : [random() * 60 - 12, random() * 60 - 12])
      const [a, b] = [at(), i % 7 ? at() : at()]
      const radius = () => (i % 3 ? random() * 9 + 0.5 : Math.ceil(random() * 6))
      const [rx, ry] = [radius(), radius()]
      const radii: Radii = i % 2 ? [rx, ry] : [rx, rx]
      const painted = bitsOf(segmentSpans(a, b, radii, width, height), width, height)
      const s = radii[0] / radii[1]
      const [ay, by] = [a[1] * s, b[1] * s]
      const [dx, dy] = [b[0] - a[0], by - ay]
      const l = dx * dx + dy * dy
      const expected = painted.map((_, pixel) => {
        const [x, y] = [pixel % width, Math.floor(pixel / width) * s]
        const t = l > 0 ? Math.min(Math.max(((x - a[0]) * dx + (y - ay) * dy) / l, 0), 1) : 0
        const [ex, ey] = [x - (a[0] + t * dx), y - (ay + t * dy)]
        return ex * ex + ey * ey <= rx * rx ? 1 : 0
      })
      expect(painted).toEqual(expected)
    }
  })
})
