// SPDX-License-Identifier: Apache-2.0

// Bytes that are not what docs/http.md says.
export class DamagedAnswer extends Error {
  override name = 'DamagedAnswer'
}

// Reads little-endian bytes one after another; throws DamagedAnswer at their end.
export class ByteReader {
  private at = 0
  private readonly view: DataView

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  expect(text: string): void {
    const found = String.fromCharCode(...this.take(text.length))
    if (found !== text) throw new DamagedAnswer(`the answer does not begin with ${text}`)
  }

  u8(): number {
    return this.view.getUint8(this.step(1))
  }

  u32(): number {
    return this.view.getUint32(this.step(4), true)
  }

  take(count: number): Uint8Array {
    const begin = this.step(count)
    return this.bytes.subarray(begin, begin + count)
  }

  private step(count: number): number {
    if (count > this.left) throw new DamagedAnswer('the answer ends early')
    this.at += count
    return this.at - count
  }
}
