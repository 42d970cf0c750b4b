// SPDX-License-Identifier: Apache-2.0
// made_up_picture.mjs FILE.png SIDE: the picture of `sonde bench` as a file, squares with noise.
import { writeFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'

const [file, sideText] = process.argv.slice(2)
const side = Number(sideText)
if (!file || !(side > 0)) {
  console.error('usage: made_up_picture.mjs FILE.png SIDE')
  process.exit(2)
}

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

const rows = Buffer.alloc(side * (side + 1)) // each row begins with its filter, 0: none
let noise = 1
for (let y = 0; y < side; ++y) {
  for (let x = 0; x < side; ++x) {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0
    const inside = ((x >> 7) + (y >> 7)) % 2 === 0
    rows[y * (side + 1) + 1 + x] = (inside ? 150 : 60) + (noise >>> 27)
  }
}
const header = Buffer.alloc(13)
header.writeUInt32BE(side, 0)
header.writeUInt32BE(side, 4)
header[8] = 8 // bits of a grey pixel
const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
writeFileSync(
  file,
  Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]),
)
