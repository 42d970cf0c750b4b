// SPDX-License-Identifier: Apache-2.0
import { ByteReader, DamagedAnswer } from './bytes'
import type { Picture, PictureValues } from './types'

interface PixelType {
  channels: 1 | 3
  bytes: number // a value
  view(buffer: ArrayBuffer, offset: number, count: number): PictureValues
}

const pixelTypes: PixelType[] = [
  { channels: 1, bytes: 1, view: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  { channels: 3, bytes: 1, view: (buffer, offset, count) => new Uint8Array(buffer, offset, count) },
  { channels: 1, bytes: 2, view: (buffer, offset, count) => new Int16Array(buffer, offset, count) },
  { channels: 1, bytes: 2, view: (buffer, offset, count) => new Uint16Array(buffer, offset, count) },
  { channels: 1, bytes: 4, view: (buffer, offset, count) => new Float32Array(buffer, offset, count) },
]
const headerBytes = 16
const maxPixels = 2 ** 30

// The values are a view of `buffer`: browsers run on little-endian machines only. Throws DamagedAnswer.
export function decodePicture(buffer: ArrayBuffer): Picture {
  const reader = new ByteReader(new Uint8Array(buffer))
  reader.expect('SNDP')
  if (reader.u8() !== 1) throw new DamagedAnswer('the version of the picture is not known')
  const type = pixelTypes[reader.u8()]
  if (!type) throw new DamagedAnswer('the type of the picture is not known')
  reader.take(2)
  const width = reader.u32()
  const height = reader.u32()
  if (width < 1 || height < 1 || width * height > maxPixels)
    throw new DamagedAnswer('the picture has no size')
  const count = width * height * type.channels
  if (reader.left !== count * type.bytes)
    throw new DamagedAnswer('the picture is not as long as its size says')
  return { width, height, channels: type.channels, values: type.view(buffer, headerBytes, count) }
}
