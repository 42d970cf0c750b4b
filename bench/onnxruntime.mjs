// SPDX-License-Identifier: Apache-2.0
// onnxruntime.mjs encoder|decoder MODEL.onnx RUNS THREADS: times the exported network in ONNX Runtime, as `sonde bench` times
// sonde; prints the same JSON. Run where onnxruntime-node is installed (bench/performance does that).
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { join } from 'node:path'

const { InferenceSession, Tensor } = createRequire(join(process.cwd(), 'package.json'))('onnxruntime-node')

const zeros = (...shape) => new Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)), shape)
const floats = (values, ...shape) => new Tensor('float32', Float32Array.from(values), shape)

// A made-up picture of 1024 x 1024, normalised as the network wants it; one point.
function noise(...shape) {
  const tensor = zeros(...shape)
  let state = 1
  for (let i = 0; i < tensor.data.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    tensor.data[i] = state / 2 ** 31 - 1
  }
  return tensor
}
const inputs = {
  encoder: () => ({ input: noise(1, 3, 1024, 1024) }),
  decoder: () => ({
    image_embeddings: noise(1, 256, 64, 64),
    point_coords: floats([512, 512, 0, 0], 1, 2, 2), // the second pads, label -1, as published
    point_labels: floats([1, -1], 1, 2),
    mask_input: zeros(1, 1, 256, 256),
    has_mask_input: zeros(1),
    orig_im_size: floats([8, 8], 2), // the export enlarges masks as well: as little as it can be
  }),
}
const outputs = { encoder: null, decoder: ['low_res_masks', 'iou_predictions'] }

const [what, model, runsText, threadsText] = process.argv.slice(2)
const [runs, threads] = [Number(runsText), Number(threadsText)]
if (!(what in inputs) || !model || !(runs > 0) || !(threads > 0)) {
  console.error('usage: onnxruntime.mjs encoder|decoder MODEL.onnx RUNS THREADS')
  process.exit(2)
}
const session = await InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 })
const feeds = inputs[what]()
const run = () => session.run(feeds, outputs[what] ?? session.outputNames)
await run() // the first run pays for first touches
const ms = []
for (let i = 0; i < runs; ++i) {
  const start = performance.now()
  await run()
  ms.push(performance.now() - start)
}
ms.sort((a, b) => a - b)
const quantile = (share) => ms[Math.round(share * (ms.length - 1))]
const median = quantile(0.5)
console.log(
  JSON.stringify({
    what,
    model: 'onnxruntime',
    precision: 'fp32',
    threads,
    runs,
    ms: { median, p05: quantile(0.05), p95: quantile(0.95) },
    prompts_per_s: what === 'decoder' ? 1000 / median : null,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
    machine: `${cpus()[0].model}, ${cpus().length} CPUs`,
  }),
)
