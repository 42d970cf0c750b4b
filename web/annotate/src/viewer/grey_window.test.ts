// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { draggedWindow, greyRange } from './grey_window'

describe('The window', () => {
  it('shows values from half a width below its centre to half a width above', () => {
    expect(greyRange({ name: 'brain', centre: 40, width: 80 }, [0, 255])).toEqual({ lower: 0, upper: 80 })
  })

  it('shows eight bits as they are where there is none', () => {
    expect(greyRange({ name: 'none', centre: null, width: null }, [3, 99])).toEqual({ lower: 0, upper: 255 })
  })

  it('shows all values until the server has said what an automatic one is', () => {
    expect(greyRange({ name: 'auto', centre: null, width: null }, [-5, 7])).toEqual({ lower: -5, upper: 7 })
  })

  it('gets wider by a drag to the right and brighter by a drag upwards', () => {
    const dragged = draggedWindow({ lower: 0, upper: 80 }, [-1000, 1000], 10, -5)
    expect(dragged).toEqual({ name: '20,120', centre: 20, width: 120 })
  })

  it('keeps a width above nothing, in the fineness of the values', () => {
    expect(draggedWindow({ lower: 0, upper: 1 }, [0, 1], -9999, 0).width).toBe(0.001)
    expect(draggedWindow({ lower: 0, upper: 80 }, [-1000, 1000], -9999, 0).width).toBe(1)
  })
})
