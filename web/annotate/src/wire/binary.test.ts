// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { maskCovers } from '../viewer/mask_bits'
import { decodeBundle, decodeMasks, decodeRuns } from './bundle'
import { DamagedAnswer } from './bytes'
import { fromHex, golden } from './golden.testing'
import { decodePicture } from './picture'
import type { BundleHead } from './types'

interface GoldenMask {
  object: number
  candidate: number | null
  revision: number
  x0: number
  y0: number
  width: number
  height: number
  runs: number[]
  pixels: string[] // of the whole slice, row by row, '#' inside
}
interface GoldenBundle {
  hex: string
  json: BundleHead
  masks: GoldenMask[]
}
interface GoldenPicture {
  type: number
  width: number
  height: number
  values: number[]
  hex: string
}

const bundles = Object.entries(golden<Record<string, GoldenBundle>>('bundles')).filter(([, { hex }]) => hex)
const pictures = Object.entries(golden<Record<string, GoldenPicture>>('pictures'))

// Each is refused, whatever is cut off or put behind.
function expectRefusals(whole: ArrayBuffer, decode: (bytes: ArrayBuffer) => unknown): void {
  for (let length = 0; length < whole.byteLength; ++length)
    expect(() => decode(whole.slice(0, length)), `${length} bytes`).toThrow(DamagedAnswer)
  const longer = new Uint8Array(whole.byteLength + 1)
  longer.set(new Uint8Array(whole))
  expect(() => decode(longer.buffer)).toThrow(DamagedAnswer)
}

describe('The masks of a job so far', () => {
  for (const [name, { hex, masks }] of Object.entries(golden<Record<string, GoldenBundle>>('previews'))) {
    it(`are read: ${name}`, () => {
      const decoded = decodeMasks(new Uint8Array(fromHex(hex)))
      const expected = masks.map(({ pixels: _, ...mask }) => mask)
      expect(decoded.map((mask) => ({ ...mask, runs: [...mask.runs] }))).toEqual(expected)
      decoded.forEach((mask, i) => {
        const covered = masks[i]!.pixels.map((row, y) =>
          [...row].map((_, x) => (maskCovers(mask, [x, y]) ? '#' : '.')).join(''),
        )
        expect(covered).toEqual(masks[i]!.pixels)
      })
    })

    it(`are refused when bytes are missing or too many: ${name}`, () =>
      expectRefusals(fromHex(hex), (bytes) => decodeMasks(new Uint8Array(bytes))))
  }
})

describe('A bundle', () => {
  for (const [name, { hex, json, masks }] of bundles) {
    it(`is read: ${name}`, () => {
      const { masks: decoded, ...head } = decodeBundle(fromHex(hex))
      expect(head).toEqual(json)
      const expected = masks.map(({ pixels: _, ...mask }) => mask)
      expect(decoded.map((mask) => ({ ...mask, runs: [...mask.runs] }))).toEqual(expected)
    })

    it(`covers the pixels that the server means: ${name}`, () =>
      decodeBundle(fromHex(hex)).masks.forEach((mask, i) => {
        const covered = masks[i]!.pixels.map((row, y) =>
          [...row].map((_, x) => (maskCovers(mask, [x, y]) ? '#' : '.')).join(''),
        )
        expect(covered).toEqual(masks[i]!.pixels)
      }))

    it(`is refused when bytes are missing or too many: ${name}`, () =>
      expectRefusals(fromHex(hex), decodeBundle))
  }

  it('never fails but by saying that it is damaged', () => {
    const whole = fromHex(bundles[0]![1].hex)
    let state = 3
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below
    for (let i = 0; i < 3000; ++i) {
      const bytes = new Uint8Array(whole.slice(0))
      for (let changes = 1 + random(4); changes > 0; --changes) bytes[random(bytes.length)] = random(256)
      try {
        decodeBundle(bytes.buffer)
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedAnswer)
      }
    }
  })
})

describe('The runs of a mask', () => {
  it('may be longer than a byte', () =>
    expect([...decodeRuns(Uint8Array.of(0xac, 0x02, 0x01), 301)]).toEqual([300, 1]))

  it('must fill the box and no more', () => {
    expect(() => decodeRuns(Uint8Array.of(5), 6)).toThrow(DamagedAnswer)
    expect(() => decodeRuns(Uint8Array.of(5, 2), 6)).toThrow(DamagedAnswer)
    expect(() => decodeRuns(Uint8Array.of(0x86), 6)).toThrow(DamagedAnswer)
    expect(() => decodeRuns(Uint8Array.of(0x86, 0x80, 0x80, 0x80, 0x80, 0x00), 6)).toThrow(DamagedAnswer)
  })
})

describe('A picture', () => {
  for (const [name, { type, width, height, values, hex }] of pictures) {
    it(`is read: ${name}`, () => {
      const picture = decodePicture(fromHex(hex))
      expect([picture.width, picture.height]).toEqual([width, height])
      expect(picture.channels).toBe(type === 1 ? 3 : 1)
      expect([...picture.values]).toEqual(values)
    })

    it(`is refused when bytes are missing or too many: ${name}`, () =>
      expectRefusals(fromHex(hex), decodePicture))
  }
})
