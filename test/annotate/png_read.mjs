// SPDX-License-Identifier: Apache-2.0
import { inflateSync } from 'node:zlib'

// { width, height, values } of a grey or palette PNG of 1 to 16 bits without interlacing, values as stored.
export function readPng(bytes) {
  const parts = []
  let header
  for (let at = 8; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    const data = bytes.subarray(at + 8, at + 8 + size)
    if (name === 'IHDR') header = data
    if (name === 'IDAT') parts.push(data)
    at += size + 12
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [bits, colour, , , interlaced] = header.subarray(8)
  if ((colour !== 0 && colour !== 3) || interlaced) throw new Error(`PNG of colour type ${colour} is not read here`)
  const stride = Math.ceil((width * bits) / 8)
  const step = Math.max(1, bits >> 3)
  const raw = inflateSync(Buffer.concat(parts))
  const values = new Uint16Array(width * height)
  let above = Buffer.alloc(stride)
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (stride + 1)]
    const row = Buffer.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    for (let i = 0; i < stride; ++i) row[i] += predicted(filter, row[i - step] ?? 0, above[i], above[i - step] ?? 0)
    for (let x = 0; x < width; ++x) {
      values[y * width + x] =
        bits === 16
          ? row.readUInt16BE(2 * x)
          : (row[(x * bits) >> 3] >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1)
    }
    above = row
  }
  return { width, height, values }
}

function predicted(filter, left, up, corner) {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  const paeth = left + up - corner
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(paeth - value))
  return a <= b && a <= c ? left : b <= c ? up : corner
}
