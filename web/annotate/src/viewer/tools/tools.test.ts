// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { gestureOf } from '../pointer'
import type { ViewerStage } from '../viewer_stage'
import { tools, type ToolId } from '.'

let done: unknown[]
let tool: ToolId
let place: string

// A picture of 100 x 100 pixels, shown as large as it is, on which nothing can be painted.
const stage = {
  session: {
    getState: () => ({ tool, window: { name: 'auto', centre: 50, width: 100 }, opened: { range: [0, 255] } }),
    editing: {
      addPoint: ({ label }: { label: number }) => void done.push(['point', label]),
      setBox: (box: unknown) => void done.push(['box', box]),
      draw: (paint: string, _: null, { kind }: { kind: string }) => void done.push([kind, paint]),
    },
    objects: { pick: (_: null, how: string) => void done.push(['pick', how]) },
    navigator: { setWindow: (_: unknown, when: string) => void done.push(['window', when]) },
  },
  live: { box: null, draw: null, painting: null },
  place: () => place,
  picture: () => ({ width: 100, height: 100 }),
  brush: () => [2, 2],
  view: () => ({ left: 0, top: 0, scaleX: 1, scaleY: 1 }),
  setView: ({ left }: { left: number }) => void done.push(['pan', left]),
  pixel: (at: unknown) => at,
  objectAt: () => null,
  paintTarget: () => null,
  colourOf: () => '#ffffff',
  redrawLive: () => {},
} as unknown as ViewerStage

// What a press does, with a drag of 40 pixels to the right and down behind it.
function press(
  button: number,
  keys: ('shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey' | 'space')[] = [],
  meanwhile = () => {},
): unknown[] {
  done = []
  place = 'axial 3'
  const held = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false }
  const event = { button, ...held, ...Object.fromEntries(keys.map((key) => [key, true])) }
  const gesture = gestureOf(stage, event, [10, 10], keys.includes('space'))
  gesture?.move([
    [50, 10],
    [50, 50],
  ])
  meanwhile()
  gesture?.end()
  return done
}

describe('A press of a button', () => {
  it('asks with a point inside, or outside with the right button, Alt or Ctrl', () => {
    tool = 'point'
    expect(press(0)).toEqual([['point', 1]])
    for (const other of [press(2), press(0, ['altKey']), press(0, ['ctrlKey']), press(0, ['metaKey'])])
      expect(other).toEqual([['point', 0]])
    tool = 'background'
    expect(press(0)).toEqual([['point', 0]])
  })

  it('pans with the middle button or the space bar, whatever the tool', () => {
    for (tool of ['brush', 'point'] as const) {
      expect(press(1)).toEqual([['pan', 40]])
      expect(press(0, ['space'])).toEqual([['pan', 40]])
    }
  })

  it('changes the window with Shift and the right button, whatever the tool', () => {
    tool = 'brush'
    expect(press(2, ['shiftKey'])).toEqual([
      ['window', 'dragging'],
      ['window', 'final'],
    ])
  })

  it('paints, and takes away with the right button or the other end of a pen', () => {
    tool = 'brush'
    expect(press(0)).toEqual([['stroke', 'add']])
    expect(press(2)).toEqual([['stroke', 'remove']])
    expect(press(5)).toEqual([['stroke', 'remove']])
    tool = 'eraser'
    expect(press(0)).toEqual([['stroke', 'remove']])
    tool = 'lasso'
    expect(press(0)).toEqual([['lasso', 'add']])
    expect(press(0, ['altKey'])).toEqual([['lasso', 'remove']])
  })

  it('draws a box, or a point outside the other way', () => {
    tool = 'box'
    expect(press(0)).toEqual([['box', [10, 10, 50, 50]]])
    expect(press(2)).toEqual([['point', 0]])
  })

  it('drops what was drawn on a picture that is not in view any more', () => {
    const leave = () => void (place = 'axial 4')
    for (tool of ['box', 'brush', 'lasso'] as const) expect(press(0, [], leave)).toEqual([])
  })

  it('picks with the select tool, with Shift while prompting, and with the pan tool where it moves nothing', () => {
    tool = 'select'
    expect(press(0)).toEqual([['pick', 'only']])
    expect(press(0, ['ctrlKey'])).toEqual([['pick', 'toggle']])
    tool = 'point'
    expect(press(0, ['shiftKey'])).toEqual([['pick', 'only']])
    tool = 'pan'
    expect(press(0)).toEqual([['pan', 40]])
    done = []
    gestureOf(stage, { button: 0 } as PointerEvent, [10, 10], false)?.end()
    expect(done).toEqual([['pick', 'only']])
  })

  it('means nothing for buttons that no tool knows', () => {
    for ({ id: tool } of tools) expect(press(3)).toEqual([])
    for (tool of ['select', 'pan', 'window'] as const) expect(press(2)).toEqual([])
  })
})
