// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, it } from 'vitest'
import { ActiveTime } from './active_time'

let now: number
let visible: boolean
let sent: [image: number, ms: number][]
let time: ActiveTime

beforeEach(() => {
  now = 0
  visible = true
  sent = []
  time = new ActiveTime(
    (image, ms) => sent.push([image, ms]),
    () => now,
    () => visible,
  )
  time.switchTo(1)
  time.noteInput()
})

function pass(seconds: number): void {
  for (let second = 0; second < seconds; ++second) {
    now += 1000
    time.tick()
  }
}

it('sends what a person has spent every 10 s', () => {
  pass(9)
  expect(sent).toEqual([])
  pass(1)
  expect(sent).toEqual([[1, 10_000]])
})

it('stops 30 s after the last input', () => {
  pass(300)
  expect(sent.reduce((sum, [, ms]) => sum + ms, 0)).toBe(30_000)
})

it('does not count what nobody sees', () => {
  pass(5)
  visible = false
  pass(20)
  visible = true
  pass(5)
  time.leave()
  expect(sent.reduce((sum, [, ms]) => sum + ms, 0)).toBe(10_000)
})

it('sends what was spent on an image when it is left', () => {
  pass(4)
  time.switchTo(2)
  pass(3)
  time.leave()
  expect(sent).toEqual([
    [1, 4000],
    [2, 3000],
  ])
})
