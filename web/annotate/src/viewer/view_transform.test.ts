// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { cssAt, fitted, isInside, pixelAt, resized, zoomed } from './view_transform'

const view = { width: 800, height: 600 }
const picture = { width: 100, height: 50 }

describe('The view', () => {
  it('fits a picture of square pixels into its middle', () => {
    const fit = fitted(view, picture, null)
    expect(fit.scaleX).toBeCloseTo(7.84)
    expect(fit.scaleY).toBe(fit.scaleX)
    expect(cssAt(fit, [49.5, 24.5])).toEqual([400, 300])
  })

  it('shows pixels in the proportions of their spacing', () => {
    const fit = fitted(view, picture, [0.5, 2])
    expect(fit.scaleY / fit.scaleX).toBeCloseTo(4)
    expect(cssAt(fit, [-0.5, 49.5])[1]).toBeCloseTo(592)
  })

  it('takes the centre of the top-left pixel for the origin', () => {
    const at = { left: 10, top: 20, scaleX: 4, scaleY: 8 }
    expect(pixelAt(at, [12, 24])).toEqual([0, 0])
    expect(cssAt(at, [0, 0])).toEqual([12, 24])
  })

  it('keeps the point under the cursor where it is when zooming', () => {
    const fit = fitted(view, picture, [1, 1.5])
    const before = pixelAt(fit, [123, 456])
    const after = pixelAt(zoomed(fit, 3, [123, 456], fit), [123, 456])
    expect(after[0]).toBeCloseTo(before[0])
    expect(after[1]).toBeCloseTo(before[1])
  })

  it('zooms neither in nor out without end', () => {
    const fit = fitted(view, picture, null)
    expect(zoomed(fit, 1e9, [0, 0], fit).scaleX).toBe(96)
    expect(zoomed(fit, 1e-9, [0, 0], fit).scaleX).toBeCloseTo(fit.scaleX / 2)
  })

  it('keeps its centre when its size changes', () => {
    const fit = fitted(view, picture, null)
    expect(pixelAt(resized(fit, view, { width: 400, height: 900 }), [200, 450])).toEqual(
      pixelAt(fit, [400, 300]),
    )
  })

  it('knows which prompts the server accepts', () => {
    expect(isInside([-0.5, 49.5], picture)).toBe(true)
    expect(isInside([99.6, 10], picture)).toBe(false)
  })
})
