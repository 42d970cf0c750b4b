// SPDX-License-Identifier: Apache-2.0
import { ByteReader, DamagedAnswer } from './bytes'
import type { Bundle, BundleHead, WireMask } from './types'

const version = 1
const noCandidate = 0xffffffff
const longestSide = 1 << 16

function readMagic(reader: ByteReader, magic: string): void {
  reader.expect(magic)
  const found = reader.u8()
  if (found !== version) throw new DamagedAnswer(`version ${found} of ${magic} is not known`)
  reader.take(3)
}

// LEB128 numbers that make up `pixels`, outside first.
export function decodeRuns(bytes: Uint8Array, pixels: number): Uint32Array {
  const runs = new Uint32Array(bytes.length)
  let count = 0
  let total = 0
  let value = 0
  let shift = 0
  for (const byte of bytes) {
    if (shift > 28) throw new DamagedAnswer('a run of a mask is too long')
    value += (byte & 0x7f) * 2 ** shift
    shift += 7
    if (byte & 0x80) continue
    total += value
    if (total > pixels) throw new DamagedAnswer('the runs of a mask leave its box')
    runs[count++] = value
    value = 0
    shift = 0
  }
  if (shift !== 0 || total !== pixels) throw new DamagedAnswer('the runs of a mask end early')
  return runs.slice(0, count)
}

function readMask(reader: ByteReader): WireMask {
  const object = reader.u32()
  const candidate = reader.u32()
  const revision = reader.u32()
  const x0 = reader.u32()
  const y0 = reader.u32()
  const width = reader.u32()
  const height = reader.u32()
  if (Math.max(x0 + width, y0 + height) > longestSide) throw new DamagedAnswer('a mask is too large')
  const runs = decodeRuns(reader.take(reader.u32()), width * height)
  return {
    object,
    candidate: candidate === noCandidate ? null : candidate,
    revision,
    x0,
    y0,
    width,
    height,
    runs,
  }
}

export function decodeMasks(bytes: Uint8Array): WireMask[] {
  const reader = new ByteReader(bytes)
  readMagic(reader, 'SNDM')
  const count = reader.u32()
  const masks: WireMask[] = []
  for (let i = 0; i < count; ++i) masks.push(readMask(reader))
  if (reader.left > 0) throw new DamagedAnswer('bytes follow the masks')
  return masks
}

function decodeHead(bytes: Uint8Array): BundleHead {
  let head: unknown
  try {
    head = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new DamagedAnswer('the JSON of the answer cannot be read')
  }
  const { revision, changed, removed, image } = (head ?? {}) as Partial<BundleHead>
  const complete =
    typeof revision === 'number' &&
    Array.isArray(changed) &&
    Array.isArray(removed) &&
    image instanceof Object
  if (!complete) throw new DamagedAnswer('the JSON of the answer is not that of a bundle')
  return head as BundleHead
}

// Throws DamagedAnswer.
export function decodeBundle(buffer: ArrayBuffer): Bundle {
  const reader = new ByteReader(new Uint8Array(buffer))
  readMagic(reader, 'SNDB')
  const headBytes = reader.u32()
  const maskBytes = reader.u32()
  const head = decodeHead(reader.take(headBytes))
  const masks = decodeMasks(reader.take(maskBytes))
  if (reader.left > 0) throw new DamagedAnswer('bytes follow the bundle')
  return { ...head, masks }
}
