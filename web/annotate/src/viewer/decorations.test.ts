// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { readout, scaleBar } from './decorations'

describe('The scale bar', () => {
  it('is the longest round length that has room', () => {
    expect(scaleBar(1, 160)).toEqual({ lengthCss: 100, text: '10 cm' })
    expect(scaleBar(4, 160)).toEqual({ lengthCss: 80, text: '2 cm' })
    expect(scaleBar(30, 160)).toEqual({ lengthCss: 150, text: '5 mm' })
  })

  it('says lengths below a millimetre in micrometres', () => {
    expect(scaleBar(300, 160).text).toBe('500 µm')
  })
})

describe('The readout', () => {
  it('names the pixel and its values', () => {
    expect(readout(3, 4, [10, 20, 30])).toBe('x 3, y 4: 10 20 30')
    expect(readout(3, 4, new Float32Array([0.123456]))).toBe('x 3, y 4: 0.12346')
  })
})
