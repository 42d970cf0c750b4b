// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { ImagePlane, Opened, Summary } from '../wire/types'
import { areaText, brushText, duration, iouText, matches } from './describe'
import { windowChoices } from './view_bar'

function opened(change: Partial<Opened>): Opened {
  const plane = { axis: 'axial', width: 10, height: 10, slices: 1, pixel_mm: null, slice_mm: null } as const
  return { plain: true, planes: [plane], presets: [], range: [0, 240], ...change } as Opened
}
const anisotropic: ImagePlane = {
  axis: 'axial',
  width: 10,
  height: 10,
  slices: 5,
  pixel_mm: [0.5, 0.7],
  slice_mm: 3,
}

describe('areas', () => {
  it('are pixels where nothing is known of their size', () => {
    expect(areaText(12345, opened({}))).toBe('12,345 px')
  })

  it('are square millimetres of a picture and cubic centimetres of a volume', () => {
    expect(areaText(1000, opened({ planes: [anisotropic] }))).toBe('350 mm²')
    expect(areaText(1000, opened({ plain: false, planes: [anisotropic] }))).toBe('1.05 cm³')
    expect(areaText(10, opened({ plain: false, planes: [anisotropic] }))).toBe('10.5 mm³')
  })
})

describe('a predicted IoU', () => {
  it('is at most 1, whatever the network predicts', () => {
    expect([iouText(0.876), iouText(1.03)]).toEqual(['0.88', '1.00'])
  })
})

describe('the size of the brush', () => {
  it('is in pixels, and in millimetres where they are known', () => {
    expect(brushText(8, opened({}).planes[0])).toBe('radius 8 px')
    expect(brushText(8, anisotropic)).toBe('radius 8 px, 4 mm')
  })
})

describe('the windows to choose from', () => {
  it('begin with that of the image and hold each name once', () => {
    const window = { name: 'auto', centre: 10, width: 20 }
    const presets = [
      { name: 'auto', centre: 10, width: 20 },
      { name: 'brain', centre: 40, width: 80 },
    ]
    const titles = windowChoices(opened({ window, presets, range: [-1000, 3000] })).map(({ title }) => title)
    expect(titles).toEqual(['Automatic', 'Brain'])
  })

  it('hold none only for values that are bytes', () => {
    const window = { name: '40,400', centre: 40, width: 400 }
    expect(windowChoices(opened({ window })).map(({ name }) => name)).toEqual(['40,400', 'none'])
    expect(windowChoices(opened({ window, range: [0, 4095] })).map(({ title }) => title)).toEqual([
      'Of the file',
    ])
  })
})

it('tells time in seconds, minutes and hours', () => {
  expect([59_999, 60_000, 3_900_000].map(duration)).toEqual(['59 s', '1 min', '1 h 05 min'])
})

it('finds images by all words of the search and by status', () => {
  const image = { name: 'Liver_CT_003.nii.gz', status: 'started' } as Summary
  expect(matches(image, 'ct 003', 'all')).toBe(true)
  expect(matches(image, 'ct 004', 'all')).toBe(false)
  expect(matches(image, '', 'done')).toBe(false)
  const unreadable = { ...image, fault: 'is cut off' }
  expect(matches({ ...image, fault: null }, '', 'unreadable')).toBe(false)
  expect(matches(unreadable, '', 'unreadable')).toBe(true)
  expect(matches(unreadable, 'mri', 'unreadable')).toBe(false)
  expect(matches(unreadable, '', 'started')).toBe(true)
})
