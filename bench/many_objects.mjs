// SPDX-License-Identifier: Apache-2.0
// many_objects.mjs PROGRAM FOLDER [OBJECTS]: what many objects of one picture (2100 x 2100) cost: import and start, their masks, actions
// on 500 of them, exports, starting again, each with the server's peak memory; then the page in Debian's Chromium: opening it, and a
// frame while the cursor passes over them. FOLDER is made anew.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { greyPng } from './png.mjs'
import { Served } from '../test/annotate/served.mjs'
import { openBrowser, Person } from '../web/annotate/test/person.mjs'

const [program, folder, objectsText = '5000'] = process.argv.slice(2)
if (!program || !folder) {
  console.error('usage: many_objects.mjs PROGRAM FOLDER [OBJECTS]')
  process.exit(2)
}
const objects = Number(objectsText)
const some = Math.min(objects, 500)
const side = 2100
const pitch = Math.floor(side / Math.ceil(Math.sqrt(objects)))
const columns = Math.floor(side / pitch)

// Rings in a grid, a value each.
function cell(x, y) {
  const value = Math.floor(y / pitch) * columns + Math.floor(x / pitch) + 1
  const from = Math.max(Math.abs((x % pitch) - pitch / 2), Math.abs((y % pitch) - pitch / 2))
  return value <= objects && x < columns * pitch && from >= 1.5 && from < 0.3 * pitch ? value : 0
}

rmSync(folder, { recursive: true, force: true })
for (const name of ['images', 'masks']) mkdirSync(join(folder, name), { recursive: true })
writeFileSync(join(folder, 'images', 'cells.png'), greyPng(side, side, (x, y) => (cell(x, y) ? 180 : 40) + ((x * 7 + y * 13) % 32)))
writeFileSync(join(folder, 'masks', 'cells.png'), greyPng(side, side, cell, 16))
writeFileSync(join(folder, 'labels.json'), JSON.stringify({ mask_kind: 'instance', object: 'cell' }))

const rows = []
const peakMb = (served) => Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${served.child.pid}/status`, 'utf8'))[1]) / 1024)
async function timed(what, work, served) {
  const start = performance.now()
  const result = await work()
  const seconds = (performance.now() - start) / 1000
  rows.push(`| ${what} | ${seconds.toFixed(2)} s | ${peakMb(served ?? result)} MB |`)
  return result
}

const args = [join(folder, 'images'), '--project', join(folder, 'project.sonde'), '--no-store']
const view = { axis: 'axial', slice: 0 }
let served = await timed(`import of ${objects} objects, and start`, () => Served.start(program, [...args, '--import', folder]))
const masks = () => served.request('/api/images/1/masks?axis=axial&slice=0').then((answer) => answer.arrayBuffer())
const found = await timed('all their masks', masks, served)
const ids = (await served.json('/api/images/1')).objects.map(({ id }) => id)
if (ids.length !== objects) throw new Error(`${ids.length} objects instead of ${objects}`)
rows.push(`| bytes of that answer | ${found.byteLength} | |`)

let requests = 0
const act = (action) => served.post('/api/images/1/actions', { request: `many-objects-${++requests}`, view, action })
const label = (await served.json('/api/project')).labels[0].id
const chosen = ids.slice(0, some)
for (const action of [
  { kind: 'fill_holes', objects: chosen, axis: 'axial' },
  { kind: 'drop_specks', objects: chosen, below: 5 },
  { kind: 'label', objects: chosen, label },
  { kind: 'lock', objects: chosen },
  { kind: 'unlock', objects: chosen },
  { kind: 'merge', objects: chosen },
  { kind: 'undo' },
  { kind: 'delete', objects: chosen },
  { kind: 'undo' },
])
  await timed(`${action.kind}${action.objects ? ` of ${some}` : ''}`, () => act(action), served)
await timed('all their masks again', masks, served)
for (const format of ['png', 'coco'])
  await timed(`export as ${format}`, async () => served.job(await served.post('/api/export', { format, each: 'labels' })), served)
await served.stop()
served = await timed('start again', () => Served.start(program, args))
await timed('all their masks', masks, served)

// Runs in the page: the times of the handlers of pointer moves and of the work of frames.
function watch() {
  const seen = (window.__times = { moves: [], frames: [] })
  let began = 0
  addEventListener('pointermove', () => (began = performance.now()), true)
  addEventListener('pointermove', () => seen.moves.push(performance.now() - began))
  const request = window.requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (work) =>
    request((now) => {
      const start = performance.now()
      work(now)
      seen.frames.push(performance.now() - start)
    })
}

const browser = await openBrowser()
const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
const page = await context.newPage()
await page.addInitScript(watch)
const person = new Person(page, served)
await timed(
  'the page, until it shows them',
  async () => {
    await person.open(served.address, [])
    await person.seesPicture({ masks: `${objects}` })
  },
  served,
)
await person.seesEmbedding()
await person.press('s')
await person.viewer.focus()
const box = await person.viewer.boundingBox()
await page.evaluate(() => Object.values(window.__times).forEach((list) => (list.length = 0)))
for (let i = 0; i < 300; ++i) {
  const turn = i / 40
  await page.mouse.move(box.x + box.width * (0.5 + 0.2 * Math.sin(turn)), box.y + box.height * (0.5 + 0.4 * Math.cos(1.3 * turn)))
}
const times = await page.evaluate(() => window.__times)
await browser.close()
await served.stop()

const quantile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))] ?? NaN
for (const [what, list] of [
  ['hover: handler of a move', times.moves],
  ['hover: a frame', times.frames],
])
  rows.push(`| ${what}, median; 95th percentile | ${quantile(list, 0.5).toFixed(1)} ms; ${quantile(list, 0.95).toFixed(1)} ms | |`)
console.log(`| ${objects} objects of a picture of ${side} x ${side} | time | peak of the server |\n| --- | --- | --- |`)
for (const row of rows) console.log(row)
console.log(`load: ${loadavg().map((load) => load.toFixed(1)).join(' ')}`)
