// SPDX-License-Identifier: Apache-2.0

// A closed line along pixel edges: x, y of its corners in turn, the outer corner of the top-left pixel at (0, 0).
export type Loop = number[]

const east = 1
const south = 2
const west = 4
const north = 8
const directions = [east, south, west, north]
const stepX: Record<number, number> = { [east]: 1, [south]: 0, [west]: -1, [north]: 0 }
const stepY: Record<number, number> = { [east]: 0, [south]: 1, [west]: 0, [north]: -1 }

// At each corner of the grid the directions in which an edge leaves it that has the inside on its right.
function edges(bits: Uint8Array, width: number, height: number): Uint8Array {
  const corners = new Uint8Array((width + 1) * (height + 1))
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      const at = y * width + x
      if (!bits[at]) continue
      const corner = y * (width + 1) + x
      if (y === 0 || !bits[at - width]) corners[corner]! |= east
      if (x === width - 1 || !bits[at + 1]) corners[corner + 1]! |= south
      if (y === height - 1 || !bits[at + width]) corners[corner + width + 2]! |= west
      if (x === 0 || !bits[at - 1]) corners[corner + width + 1]! |= north
    }
  return corners
}

// The way on from a corner: where two lines meet, the one that turns, so that pixels that touch by a corner stay apart.
function onward(leaving: number, direction: number): number {
  const right = directions[(directions.indexOf(direction) + 1) % 4]!
  if (leaving & right) return right
  if (leaving & direction) return direction
  return directions[(directions.indexOf(direction) + 3) % 4]!
}

function follow(corners: Uint8Array, stride: number, start: number): Loop {
  const loop: Loop = []
  let at = start
  let direction = directions.find((way) => corners[start]! & way)!
  let previous = 0
  do {
    if (direction !== previous) loop.push(at % stride, Math.floor(at / stride))
    corners[at]! &= ~direction
    previous = direction
    at += stepX[direction]! + stepY[direction]! * stride
    if (at !== start) direction = onward(corners[at]!, direction)
  } while (at !== start)
  return loop
}

export function outlines(bits: Uint8Array, width: number, height: number): Loop[] {
  const corners = edges(bits, width, height)
  const loops: Loop[] = []
  for (let start = 0; start < corners.length; ++start)
    while (corners[start]) loops.push(follow(corners, width + 1, start))
  return loops
}
