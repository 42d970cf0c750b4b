// SPDX-License-Identifier: Apache-2.0
// node web/report/test/made_run.mjs FOLDER: makes the folder of a training run with invented figures, for `sonde train report
// FOLDER`: two data sets, two guard sets of which one got worse, three classes, eight pictures. Always the same bytes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const write = (name, text) => writeFileSync(join(folder, name), text)
const lines = (header, rows) => [header, ...rows.map((row) => row.join(','))].join('\n') + '\n'

let state = 1 // of Lehmer's generator
const random = () => (state = (state * 48271) % 2147483647) / 2147483647
const noise = (size) => size * (random() + random() + random() - 1.5)
const share = (value) => Math.min(0.99, Math.max(0.01, value)).toFixed(6)

const PROMPTS = [
  '1 point',
  'random point',
  'box',
  'jittered box',
  'box and click',
  '2 clicks',
  '3 clicks',
  '5 clicks',
]
const SETS = {
  nerve: [0.06, 0.06, 0.54, 0.5, 0.55, 0.12, 0.33, 0.45],
  polyps: [0.41, 0.38, 0.81, 0.74, 0.82, 0.52, 0.6, 0.71],
}
const GAINS = [0.46, 0.44, 0.04, 0.01, 0.05, 0.37, 0.18, 0.12]
const CHOICES = {
  single: 0,
  first: -0.02,
  second: -0.04,
  third: -0.09,
  confident: 0.01,
  oracle: 0.05,
  card: 0.02,
}
const STEPS = 300
const LEARNT = (step) => 1 - Math.exp(-step / 60) - (step > 220 ? (step - 220) / 900 : 0)

write(
  'run.json',
  JSON.stringify({
    settings: {
      '--what': 'lora',
      '--lora-rank': '4',
      '--steps': String(STEPS),
      '--batch': '4',
      '--lr': 'auto',
      '--seed': '1',
      '--model': 'mobile-sam',
    },
    facts: {
      'command line': 'sonde train --data nerve polyps --guard cells wound --out runs/nerve --steps 300',
      sonde: '0.0.0',
      machine: '2 cores',
    },
  }),
)
write(
  'split.csv',
  lines(
    'dataset,image,case,part',
    Object.entries({ nerve: 40, polyps: 100, cells: 20, wound: 30 }).flatMap(([set, count]) =>
      Array.from({ length: count }, (_, i) => [
        set,
        `${i}.png`,
        `c${i}`,
        set in SETS ? (i % 5 === 0 ? 'test' : i % 5 === 1 ? 'validation' : 'train') : 'guard',
      ]),
    ),
  ),
)
write(
  'train.csv',
  lines(
    'step,loss,loss_mask,loss_quality,iou,gradient_norm,lr,prompt_kinds,seconds,peak_rss_mb',
    Array.from({ length: STEPS }, (_, i) => {
      const mask = 1.5 * Math.exp(-i / 70) + 0.5 + noise(0.25)
      const quality = 0.4 * Math.exp(-i / 40) + 0.02
      const rate = (1e-3 * Math.min(1, i / 15) * (1 + Math.cos((Math.PI * i) / STEPS))) / 2
      return [
        i + 1,
        (mask + quality).toFixed(5),
        mask.toFixed(5),
        quality.toFixed(5),
        share(0.2 + 0.45 * LEARNT(i) + noise(0.15)),
        (3 + 12 * Math.exp(-i / 30) + 2 * random()).toFixed(4),
        rate.toExponential(3),
        'point box',
        '0.412',
        900 + Math.round(i / 4),
      ]
    }),
  ),
)
const checks = [0, 50, 100, 150, 200, 250, 300].flatMap((step) =>
  Object.entries(SETS).flatMap(([set, before]) =>
    PROMPTS.flatMap((prompt, k) =>
      Object.entries(CHOICES).map(([choice, more]) => {
        const mean = before[k] + GAINS[k] * LEARNT(step) + more + noise(0.02)
        const error = 0.1 + (0.9 - before[k]) * 0.8 * Math.exp(-step / 40)
        const edges = [share(mean - 0.08), share(mean + 0.07)]
        return [step, set, 'validation', prompt, choice, 18, share(mean), ...edges, error.toFixed(6)]
      }),
    ),
  ),
)
const GUARDS = [
  ['finite: share of steps that were not', 0, 0, 0.05, 'yes'],
  ['gradient: relative error', 0, 1.04e-7, 1e-5, 'yes'],
  ['leakage: pictures in two parts', 0, 0, 0, 'yes'],
  ["prompt sensitivity: IoU of the masks of two objects' points", 0.997, 0.151, 1.047, 'yes'],
  ['prompt sensitivity: share covered for a point outside', 0.81, 0.07, 0.86, 'yes'],
  ['box kept: IoU', 0.67, 0.71, 0.65, 'yes'],
  ['box kept: IoU of jittered boxes', 0.62, 0.63, 0.6, 'yes'],
  ['quality honest: error of the predicted IoU', 0.64, 0.131, 0.15, 'yes'],
  ['zero-shot: cells: 1 point', 0.62, 0.399, 0.57, 'no'],
  ['zero-shot: cells: box', 0.81, 0.8, 0.76, 'yes'],
  ['zero-shot: wound: 1 point', 0.22, 0.63, 0.17, 'yes'],
  ['zero-shot: wound: box', 0.77, 0.78, 0.72, 'yes'],
]
write('guard.csv', lines('name,before,after,limit,passed', GUARDS))

const OTHERS = {
  cells: [0.62, 0.6, 0.81, 0.7, 0.8, 0.66, 0.7, 0.78],
  wound: [0.22, 0.2, 0.77, 0.7, 0.77, 0.3, 0.4, 0.5],
}
const LOSSES = [-0.22, -0.2, -0.01, 0, -0.02, -0.08, -0.05, 0.01]
const gainOf = (set, k) => (set === 'cells' ? LOSSES : GAINS)[k]
const finals = [0, 200].flatMap((step) =>
  Object.entries({ ...SETS, ...OTHERS }).flatMap(([set, before]) =>
    PROMPTS.flatMap((prompt, k) =>
      Object.entries(CHOICES).map(([choice, more]) => {
        const mean = before[k] + more + (step > 0 ? gainOf(set, k) : 0)
        const part = set in SETS ? 'test' : 'guard'
        const edges = set === 'wound' ? ['', ''] : [share(mean - 0.06), share(mean + 0.06)]
        return [step, set, part, prompt, choice, 24, share(mean), ...edges, step > 0 ? '0.13' : '0.6']
      }),
    ),
  ),
)
write(
  'validation.csv',
  lines('step,dataset,part,prompt,choice,n,iou,iou_low,iou_high,predicted_iou_error', [...checks, ...finals]),
)
const measure = (dataset, prompt, choice) => ({
  dataset,
  prompt,
  choice,
  n: 24,
  iou: 0.5,
  iou_low: 0.4,
  iou_high: 0.6,
  predicted_iou_error: 0.13,
})
const test = ['card', 'oracle'].flatMap((choice) =>
  Object.keys(SETS).flatMap((set) =>
    PROMPTS.map((prompt, k) => ({
      before: measure(set, prompt, choice),
      after: measure(set, prompt, choice),
      p: Math.abs(GAINS[k]) > 0.1 ? 0.0004 : 0.31,
    })),
  ),
)
const data = ['nerve', 'polyps'].map((dataset, i) => ({
  dataset,
  licence: i === 0 ? 'CC BY-NC 4.0' : '',
  citation: i === 0 ? 'A. Author et al., A set of invented nerves, 2021' : '',
  source: `https://example.org/${dataset}`,
  pictures: [40, 100][i],
  objects: [75, 112][i],
}))
const classes = ['nerve', 'polyp', 'lesion of the left upper lobe'].map((name, i) => ({
  name,
  n: 20 - 4 * i,
  n_absent: 8 + 4 * i,
  iou: 0.71 - 0.1 * i,
  iou_low: 0.62 - 0.1 * i,
  iou_high: 0.78 - 0.1 * i,
  found: 0.95 - 0.1 * i,
  found_absent: 0.04 + 0.1 * i,
}))
write(
  'card.json',
  JSON.stringify({
    name: 'mobile-sam tuned on nerve and polyps',
    parent: 'mobile-sam',
    parent_sha256: '6'.repeat(64),
    tuned: 'lora',
    choice_by_prompt: { point: 'confident', clicks: 'first', many_clicks: 'first', box: 'single' },
    test,
    guards: GUARDS.map(([name, before, after, limit, passed]) => ({
      name,
      before,
      after,
      limit,
      passed: passed === 'yes',
    })),
    data,
    classes,
    notes: ['polyps: the names of the pictures tell no cases; split by image'],
  }),
)

// Grey pictures of two blobs, as PNG without filters. A checksum that is wrong is not looked at by browsers' decoders alone,
// so it is right.
const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})
const crcOf = (bytes) => ~bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), ~0) >>> 0
function chunk(name, content) {
  const body = Buffer.concat([Buffer.from(name), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.length)
  frame.writeUInt32BE(crcOf(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
function pngUri(width, height, grey) {
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width)
  size.writeUInt32BE(height, 4)
  size[8] = 8
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = grey(x, y)
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  const all = [
    signature,
    chunk('IHDR', size),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return 'data:image/png;base64,' + Buffer.concat(all).toString('base64')
}
const [WIDTH, HEIGHT] = [200, 150]
const centres = Array.from({ length: 4 }, (_, i) => [50 + 30 * i, 60 + 12 * i])
const pictures = centres.map(([cx, cy]) =>
  pngUri(WIDTH, HEIGHT, (x, y) => {
    const far = Math.hypot((x - cx) / 26, (y - cy) / 18)
    return Math.round(Math.max(0, Math.min(255, 60 + (far < 1 ? 110 : 0) + noise(50))))
  }),
)
function blob(cx, cy, rx, ry) {
  const corners = Array.from({ length: 24 }, (_, i) => {
    const at = (i * Math.PI) / 12
    return `${Math.round(cx + rx * Math.cos(at))} ${Math.round(cy + ry * Math.sin(at))}`
  })
  return `M${corners.join('L')}z`
}
const RANKS = ['worst', 'worst', 'median', 'median', 'lost most', 'best']
const cases = ['1 point', 'box'].flatMap((prompt_kind) =>
  RANKS.map((rank, i) => {
    const [cx, cy] = centres[i % 4]
    const isBox = prompt_kind === 'box'
    const box = [cx - 26, cy - 18, cx + 26, cy + 18]
    return {
      rank,
      dataset: i % 2 ? 'nerve' : 'polyps',
      image: `${5 * i}.png`,
      object: '',
      label_name: i % 2 ? 'nerve' : 'polyp',
      prompt_kind,
      prompt: isBox ? box.join() : `+${cx},${cy}`,
      choice: isBox ? 'single' : 'confident',
      iou_before: 0.05 + 0.1 * i,
      iou_after: 0.12 + 0.13 * i,
      predicted_before: 0.95,
      predicted_after: 0.2 + 0.1 * i,
      drawing: {
        picture: i % 4,
        width: WIDTH,
        height: HEIGHT,
        truth: blob(cx, cy, 26, 18),
        before: blob(100, 75, 95, 70),
        after: blob(cx + 4, cy - 3, 22 + i, 16),
        prompt: { points: isBox ? [] : [[cx, cy, 1]], boxes: isBox ? [box] : [] },
      },
    }
  }),
)
write('cases.json', JSON.stringify({ pictures, lines: cases }))
