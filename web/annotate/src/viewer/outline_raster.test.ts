// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { paintLoops, pixelOf, type Pen, type Raster } from './outline_raster'

const everything = { x0: -100, y0: -100, x1: 100, y1: 100 }
const same = { left: 0, top: 0, scaleX: 1, scaleY: 1 }
const square = [2, 2, 6, 2, 6, 5, 2, 5]

function drawn(loop: number[], pen: Partial<Pen>, view = same, area = everything): string[] {
  const raster: Raster = { width: 10, height: 8, pixels: new Uint32Array(80) }
  paintLoops(raster, [loop], view, { value: 1, width: 1, dash: 0, ...pen }, area)
  return Array.from({ length: 8 }, (_, y) =>
    Array.from(raster.pixels.subarray(y * 10, y * 10 + 10), (pixel) => (pixel ? '#' : '.')).join(''),
  )
}

describe('Outlines in pixels', () => {
  it('run along the edges of the mask', () => {
    expect(drawn(square, {})).toEqual([
      '..........',
      '..........',
      '..#####...',
      '..#...#...',
      '..#...#...',
      '..#####...',
      '..........',
      '..........',
    ])
  })

  it('grow to both sides with the width of the pen', () => {
    expect(drawn(square, { width: 2 })[1]).toBe('.######...')
    expect(drawn(square, { width: 2 })[3]).toBe('.##..##...')
  })

  it('follow the view', () => {
    const rows = drawn([1, 1, 2, 1, 2, 2, 1, 2], {}, { left: 1, top: 0, scaleX: 3, scaleY: 2 })
    expect(rows.map((row) => row.indexOf('#'))).toEqual([-1, -1, 4, 4, 4, -1, -1, -1])
    expect(rows[2]).toBe('....####..')
  })

  it('leave gaps where they are dashed, all round alike', () => {
    const pixels = drawn(square, { dash: 2 }).join('').replaceAll('.', '').length
    expect(pixels).toBeGreaterThan(6)
    expect(pixels).toBeLessThan(14)
  })

  it('stay on the raster and within the area that is drawn again', () => {
    expect(drawn([-50, -50, 50, -50, 50, 50, -50, 50], { width: 4 }).join('')).not.toContain('#')
    const part = drawn(square, {}, same, { x0: 0, y0: 0, x1: 4, y1: 4 })
    expect(part[2]).toBe('..##......')
    expect(part[5]).toBe('..........')
  })

  it('have the colour of their label', () => {
    expect(pixelOf('#e69f00').toString(16)).toBe('ff009fe6')
    expect(pixelOf('#000000', 0.6).toString(16)).toBe('99000000')
  })
})
