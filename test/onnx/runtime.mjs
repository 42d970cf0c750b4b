// SPDX-License-Identifier: Apache-2.0
// runtime.mjs FOLDER: loads the networks that sonde_onnx_answers has exported in ONNX Runtime and compares what they answer with
// sonde's own answers. They are fed as clients do: those of the published decoder, and Cornerstone3D. Run where
// onnxruntime-node is installed.
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const { InferenceSession, Tensor } = createRequire(join(process.cwd(), 'package.json'))('onnxruntime-node')

const kMaxDifference = 1e-4 // as a share of the largest number that is expected
const kMinIou = 0.999 // of masks

const floats = (values, ...shape) => new Tensor('float32', Float32Array.from(values), shape)
const zeros = (...shape) => floats(new Float32Array(shape.reduce((a, b) => a * b)), ...shape)

async function readFloats(path) {
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

// As a share of the largest of the numbers that are expected.
function largestDifference(got, expected) {
  if (got.length !== expected.length || got.length === 0)
    throw new Error(`${got.length} numbers, not ${expected.length}`)
  let apart = 0,
    largest = 0
  for (let i = 0; i < got.length; ++i) {
    const difference = Math.abs(got[i] - expected[i])
    if (!(difference < Infinity)) return NaN
    apart = Math.max(apart, difference)
    largest = Math.max(largest, Math.abs(expected[i]))
  }
  return apart / largest
}

// Of the pixels above 0.
function maskIou(a, b) {
  let both = 0,
    either = 0
  for (let i = 0; i < a.length; ++i) {
    both += a[i] > 0 && b[i] > 0
    either += a[i] > 0 || b[i] > 0
  }
  return either === 0 ? 1 : both / either
}

let failed = false,
  farthest = 0
function fail(what) {
  console.error(what)
  failed = true
}
function compare(what, got, expected) {
  const difference = largestDifference(got, expected)
  farthest = Math.max(farthest, difference)
  if (!(difference <= kMaxDifference))
    fail(`${what}: differ by ${difference} of the largest, allowed are ${kMaxDifference}`)
}
function compareShape(what, tensor, ...shape) {
  if (tensor.dims.join() !== shape.join()) fail(`${what}: is [${tensor.dims}], not [${shape}]`)
}

const open = (folder, client, part) => InferenceSession.create(join(folder, client, `${part}.onnx`))

function feeds(answers, prompt, embedding, mask) {
  const { channels, elements, picture } = answers
  return {
    image_embeddings: floats(embedding, 1, channels, elements, elements),
    point_coords: floats(prompt.point_coords, 1, prompt.point_labels.length, 2),
    point_labels: floats(prompt.point_labels, 1, prompt.point_labels.length),
    mask_input: mask
      ? floats(mask, 1, 1, 4 * elements, 4 * elements)
      : zeros(1, 1, 4 * elements, 4 * elements),
    has_mask_input: floats([mask ? 1 : 0], 1),
    orig_im_size: floats(picture, 2),
  }
}

// Rows [h][w][3] to planes [3][side][side] of 0 to 1, what is beyond the frame filled with the mean, which is 0 for the network.
function planes(rows, [height, width], side) {
  const mean = [123.675, 116.28, 103.53]
  const filled = new Float32Array(3 * side * side)
  for (let colour = 0; colour < 3; ++colour) {
    for (let y = 0; y < side; ++y) {
      for (let x = 0; x < side; ++x) {
        const value = y < height && x < width ? rows[(y * width + x) * 3 + colour] : mean[colour]
        filled[(colour * side + y) * side + x] = value / 255
      }
    }
  }
  return filled
}

// What segment-anything's --return-single-mask takes: token 0 from three points on, else the best of the others.
function chosen(prompt) {
  if (prompt.point_labels.length > 2) return 0
  const others = prompt.iou_predictions.slice(1)
  return 1 + others.indexOf(Math.max(...others))
}

async function compareDecoders(folder, answers, name) {
  const all = await open(folder, 'published', 'decoder')
  const one = await open(folder, 'cornerstone', 'decoder')
  const embedding = await readFloats(join(folder, 'embedding.f32'))
  const low = 4 * answers.elements
  for (const [i, prompt] of answers.prompts.entries()) {
    const what = `${name}, prompt ${i}`
    const mask = prompt.mask_input && (await readFloats(join(folder, prompt.mask_input)))
    const said = feeds(answers, prompt, embedding, mask)
    const got = await all.run(said)
    const lowRes = await readFloats(join(folder, prompt.low_res_masks))
    compare(`${what}, logits`, got.low_res_masks.data, lowRes)
    compare(`${what}, predicted IoU`, got.iou_predictions.data, prompt.iou_predictions)
    const [height, width] = answers.picture
    compareShape(`${what}, masks`, got.masks, 1, prompt.iou_predictions.length, height, width)
    if (prompt.masks) {
      const masks = await readFloats(join(folder, prompt.masks))
      compare(`${what}, logits in the picture`, got.masks.data, masks)
      const iou = maskIou(got.masks.data, masks)
      if (!(iou > kMinIou)) fail(`${what}: the IoU of the masks is ${iou}, above ${kMinIou} is allowed`)
    }
    const best = chosen(prompt)
    const gotOne = await one.run(said)
    compare(
      `${what}, logits of one mask`,
      gotOne.low_res_masks.data,
      lowRes.slice(best * low * low, (best + 1) * low * low),
    )
    compare(`${what}, its predicted IoU`, gotOne.iou_predictions.data, [prompt.iou_predictions[best]])
    compareShape(`${what}, its mask`, gotOne.masks, 1, 1, height, width)
  }
}

async function compareEncoders(folder, answers, name) {
  const rows = await readFloats(join(folder, 'frame.f32'))
  const expected = await readFloats(join(folder, 'embedding.f32'))
  const inputs = {
    published: floats(rows, ...answers.frame, 3),
    cornerstone: floats(planes(rows, answers.frame, answers.side), 1, 3, answers.side, answers.side),
  }
  for (const [client, input_image] of Object.entries(inputs)) {
    const encoder = await open(folder, client, 'encoder')
    const { image_embeddings } = await encoder.run({ input_image })
    compare(`${name}, embedding for ${client}`, image_embeddings.data, expected)
  }
}

const root = process.argv[2]
if (!root) {
  console.error('usage: runtime.mjs FOLDER')
  process.exit(2)
}
const names = (await readdir(root)).sort()
if (names.length === 0) fail(`${root}: is empty`)
for (const name of names) {
  farthest = 0
  const folder = resolve(root, name)
  const answers = JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8'))
  await compareEncoders(folder, answers, name)
  await compareDecoders(folder, answers, name)
  console.log(
    `${name}: ${answers.prompts.length} prompts, at most ${farthest.toPrecision(2)} of the largest number apart`,
  )
}
process.exit(failed ? 1 : 0)
