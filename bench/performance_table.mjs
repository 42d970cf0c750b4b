// SPDX-License-Identifier: Apache-2.0
// performance_table.mjs MEASUREMENTS.jsonl PEAKS.json FIGURES.json: medians of what bench/performance measured, as a Markdown
// table on stdout and as FIGURES.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

// gflop: of the published network, 2 for a multiply-add, products and convolutions, without padded tokens; prompts: in a run.
const items = {
  encoder: { title: 'MobileSAM encoder, 1024 x 1024', gflop: 74 },
  'encoder-4x3': { title: 'MobileSAM encoder, 1024 x 768', gflop: 74 },
  decoder: { title: 'decoder, 1 point, three masks of 512 x 512', gflop: 3.6 },
  'decoder-batch': { title: 'decoder, 64 points, three masks of 512 x 512 each', gflop: 3.6 * 64, prompts: 64 },
  everything: { title: 'everything, 32 x 32 points, 1024 x 1024' },
  'vit-b': { title: 'ViT-B encoder, 1024 x 1024', gflop: 938 },
  segment: { title: '`sonde segment`, one box, 512 x 512 PNG, cold process' },
}

const [measurementsFile, peaksFile, figuresFile] = process.argv.slice(2)
if (!figuresFile) {
  console.error('usage: performance_table.mjs MEASUREMENTS.jsonl PEAKS.json FIGURES.json')
  process.exit(2)
}
const measurements = readFileSync(measurementsFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const peaks = JSON.parse(readFileSync(peaksFile, 'utf8'))

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? null : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
const of = (item, side) => measurements.filter((m) => m.item === item && m.side === side)
const times = (found) => median(found.map((m) => m.result.ms.median))
const memory = (found) => median(found.map((m) => m.result.peak_rss_mb).filter((mb) => mb !== null))

function figures(item, precision) {
  const { title, gflop, prompts = 1 } = items[item]
  const [theirs, ours] = [of(item, 'theirs'), of(item, precision)]
  if (ours.length === 0) return null
  const theirsMs = theirs.length > 0 ? times(theirs) * prompts : null // it decodes one at a time
  const oursMs = times(ours)
  const ratios = ours.flatMap((m) =>
    theirs.filter((t) => t.pair === m.pair).map((t) => m.result.ms.median / (t.result.ms.median * prompts)),
  )
  return {
    item,
    title,
    precision,
    prompts,
    theirs_ms: theirsMs,
    ours_ms: oursMs,
    ratio: median(ratios),
    lowest_ratio: ratios.length > 0 ? Math.min(...ratios) : null,
    highest_ratio: ratios.length > 0 ? Math.max(...ratios) : null,
    of_peak: gflop ? gflop / (oursMs / 1000) / peaks[precision] : null,
    theirs_mb: memory(theirs),
    ours_mb: memory(ours),
  }
}

const or = (value, text) => (value === null ? '-' : text(value))
const duration = (row) => (ms) =>
  row.prompts > 1 ? `${((1000 * row.prompts) / ms).toFixed(0)} prompts/s` : ms < 2000 ? `${ms.toFixed(ms < 100 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`
const cells = (row) => [
  `${row.title}, ${row.precision}`,
  or(row.theirs_ms, duration(row)),
  or(row.ours_ms, duration(row)),
  or(row.ratio, (r) => `${r.toFixed(2)} (${row.lowest_ratio.toFixed(2)} to ${row.highest_ratio.toFixed(2)})`),
  or(row.of_peak, (share) => `${(100 * share).toFixed(0)} %`),
  or(row.theirs_mb, (mb) => `${mb.toFixed(0)} MB`),
  or(row.ours_mb, (mb) => `${mb.toFixed(0)} MB`),
]

const rows = Object.keys(items).flatMap((item) => ['fp32', 'bf16'].map((p) => figures(item, p)).filter((row) => row !== null))
const machine = `${cpus()[0].model}, ${cpus().length} CPUs`
const line = (columns) => `| ${columns.join(' | ')} |`
console.log(line(['', 'ONNX Runtime', 'sonde', "time: of ONNX Runtime's", 'published arithmetic: of the peak', 'its memory', "sonde's"]))
console.log(line(Array(7).fill('---')))
for (const row of rows) console.log(line(cells(row)))
const pairs = Math.max(...measurements.map((m) => m.pair))
console.log(
  `\n${machine}, ${peaks.threads} threads; median of ${pairs} pairs. Peak: ${peaks.fp32.toFixed(0)} GFLOP/s in fp32, ` +
    `${peaks.bf16.toFixed(0)} in bf16; memory ${peaks.gb_per_s.toFixed(0)} GB/s.`,
)
writeFileSync(figuresFile, `${JSON.stringify({ machine, threads: peaks.threads, pairs, peaks, rows }, null, 2)}\n`)
