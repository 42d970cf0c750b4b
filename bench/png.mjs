// SPDX-License-Identifier: Apache-2.0
import { deflateSync } from 'node:zlib'

function crc32(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

// A grey PNG; value(x, y) is asked row by row.
export function greyPng(width, height, value, bits = 8) {
  const bytes = bits / 8
  const stride = width * bytes + 1 // each row begins with its filter, 0: none
  const rows = Buffer.alloc(height * stride)
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) rows.writeUIntBE(value(x, y), y * stride + 1 + x * bytes, bytes)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = bits
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

// Squares with noise, the same ones each time.
export function squares() {
  let noise = 1
  return (x, y) => {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0
    const inside = ((x >> 7) + (y >> 7)) % 2 === 0
    return (inside ? 150 : 60) + (noise >>> 27)
  }
}
