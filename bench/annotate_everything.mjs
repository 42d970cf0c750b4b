// SPDX-License-Identifier: Apache-2.0
// annotate_everything.mjs PROGRAM FOLDER: Everything as a person meets it, through the server's interface: how long it takes, how long
// clicks on the same picture take meanwhile, how soon it stops. Needs the real pictures (SONDE_SHARED, else ../shared). FOLDER is made
// anew; prints a table.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Served } from '../test/annotate/served.mjs'

const [program, folder] = process.argv.slice(2)
if (!program || !folder) {
  console.error('usage: annotate_everything.mjs PROGRAM FOLDER')
  process.exit(2)
}
rmSync(folder, { recursive: true, force: true })
mkdirSync(join(folder, 'images'), { recursive: true })
const sets = join(process.env.SONDE_SHARED ?? '../shared', 'data/images2d')
copyFileSync(join(sets, 'fluo_nuclei_dsb2018/images/08275a5b1c2dfcd7.png'), join(folder, 'images/nuclei.png'))
const side = 1024
const picture = { plane: { axis: 'axial', slice: 0 }, window: 'auto' }

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const quantile = (times, share) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))]
const isUnderWay = ({ state }) => state === 'waiting' || state === 'running'

const served = await Served.start(program, [join(folder, 'images'), '--project', join(folder, 'nuclei.sonde')])
const image = (await served.json('/api/project')).images[0].id
let noise = 7
const somewhere = () => side * (0.1 + 0.8 * ((noise = (noise * 1103515245 + 12345) % 2147483648) / 2147483648))
let requests = 0

async function click() {
  const begin = performance.now()
  await served.post(`/api/images/${image}/actions`, {
    request: `click-${10000 + ++requests}`,
    view: picture.plane,
    action: { kind: 'ask', ...picture, points: [{ x: somewhere(), y: somewhere(), label: 1 }], box: null, proposal: null, target: null },
  })
  return performance.now() - begin
}
const begin = () => served.post(`/api/images/${image}/everything`, { ...picture, min_region: 100 })

// Until its end; what was seen on the way.
async function follow(job, while_it_runs) {
  const start = performance.now()
  const times = { clicks: [], first: null, whole: 0, longest_still: 0 }
  let [done, moved] = [0, start]
  for (;;) {
    job = await served.json(`/api/jobs/${job.job}`)
    const now = performance.now()
    if (job.done !== done || !isUnderWay(job)) {
      times.longest_still = Math.max(times.longest_still, now - moved)
      ;[done, moved] = [job.done, now]
    }
    if (job.preview > 0) times.first ??= now - start
    if (!isUnderWay(job)) return { ...times, whole: now - start, job }
    if (while_it_runs === 'click') times.clicks.push(await click())
    await pause(while_it_runs === 'click' ? 300 : 50)
  }
}

const rows = []
const row = (what, ...numbers) => rows.push(`| ${what} | ${numbers.map((number) => number.toFixed(0)).join(' | ')} |`)
const spread = (times) => [quantile(times, 0.5), quantile(times, 0.95)]

await click()
const quiet = []
for (let i = 0; i < 20; ++i) quiet.push(await click())
row('click, nothing else', ...spread(quiet))
const alone = await follow(await begin(), 'watch')
row(`Everything (${alone.job.result.proposals} proposals)`, alone.whole, alone.whole)
if (alone.first !== null) row('its first outlines', alone.first, alone.first)
row('its longest time without progress', alone.longest_still, alone.longest_still)
const disturbed = await follow(await begin(), 'click')
row('Everything, while clicks come', disturbed.whole, disturbed.whole)
row(`click while it runs (${disturbed.clicks.length})`, ...spread(disturbed.clicks))
const stops = []
for (let i = 0; i < 8; ++i) {
  const job = await begin()
  await pause(200 + 400 * i)
  const asked = performance.now()
  await served.request(`/api/jobs/${job.job}`, { method: 'DELETE' })
  while (isUnderWay(await served.json(`/api/jobs/${job.job}`))) await pause(10)
  stops.push(performance.now() - asked)
}
row('from Cancel to its end', ...spread(stops))
await served.stop()
console.log('| ms | median | 95th percentile |\n| --- | --- | --- |')
for (const line of rows) console.log(line)
