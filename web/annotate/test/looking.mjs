// SPDX-License-Identifier: Apache-2.0
// What a test knows of a project beside the page: through the server's interface.

// Everything about an image that undo and redo must bring back; revisions grow all the while.
export async function snapshot(served, image, { axis, slice }) {
  const { objects, undo, redo } = await served.json(`/api/images/${image}`)
  const { masks } = await served.bundle(`/api/images/${image}/masks?axis=${axis}&slice=${slice}`)
  const plain = ({ revision, ...rest }) => rest // eslint-disable-line no-unused-vars
  return JSON.stringify({
    objects: objects.map(plain).sort((a, b) => a.id - b.id),
    masks: masks.map(plain).sort((a, b) => a.object - b.object || (a.candidate ?? -1) - (b.candidate ?? -1)),
    undo: undo !== null,
    redo: redo !== null,
  })
}

export async function masksOf(served, image, { axis, slice }) {
  return (await served.bundle(`/api/images/${image}/masks?axis=${axis}&slice=${slice}`)).masks
}

// Of a mask and a set given as a function, over a picture.
export function iou(mask, inside, { width, height }) {
  let [both, either] = [0, 0]
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const [a, b] = [mask.has(x, y), inside(x, y)]
      both += a && b ? 1 : 0
      either += a || b ? 1 : 0
    }
  }
  return either === 0 ? 1 : both / either
}

export function boxOf(inside, { width, height }) {
  const box = [width, height, -1, -1]
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      if (!inside(x, y)) continue
      box[0] = Math.min(box[0], x)
      box[1] = Math.min(box[1], y)
      box[2] = Math.max(box[2], x)
      box[3] = Math.max(box[3], y)
    }
  }
  return box
}

// A pixel that `inside` holds, as far as can be from those it does not hold.
export function middleOf(inside, { width, height }) {
  let [best, at] = [-1, null]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!inside(x, y)) continue
      let radius = 0
      const ring = () => [
        [x - radius, y],
        [x + radius, y],
        [x, y - radius],
        [x, y + radius],
        [x - radius, y - radius],
        [x + radius, y + radius],
        [x - radius, y + radius],
        [x + radius, y - radius],
      ]
      while (radius < 100 && ring().every(([u, v]) => inside(u, v))) ++radius
      if (radius > best) [best, at] = [radius, [x, y]]
    }
  }
  return at
}

// The largest of the parts that a set falls into, joined by edges.
export function largestPart(inside, { width, height }) {
  const part = new Int32Array(width * height)
  let [parts, best, most] = [0, 0, 0]
  for (let first = 0; first < part.length; ++first) {
    if (part[first] || !inside(first % width, Math.floor(first / width))) continue
    part[first] = ++parts
    const open = [first]
    let size = 0
    while (open.length > 0) {
      const at = open.pop()
      const [x, y] = [at % width, Math.floor(at / width)]
      ++size
      for (const [u, v] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ]) {
        // prettier-ignore
        if (u < 0 || v < 0 || u >= width || v >= height || part[v * width + u] || !inside(u, v)) continue
        part[v * width + u] = parts
        open.push(v * width + u)
      }
    }
    if (size > most) [best, most] = [parts, size]
  }
  return (x, y) => x >= 0 && x < width && part[y * width + x] === best
}
