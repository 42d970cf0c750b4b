// SPDX-License-Identifier: Apache-2.0
// annotate_scale.mjs PROGRAM FOLDER [IMAGES] [OBJECTS]: a project of 200 pictures (1024 x 1024) with 50 objects each. Times of
// import, start, list, opening an image, an action and every export; prints a table. FOLDER is made anew.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greyPng, squares } from './png.mjs'
import { Served } from '../test/annotate/served.mjs'

const [program, folder, imagesText = '200', objectsText = '50'] = process.argv.slice(2)
if (!program || !folder) {
  console.error('usage: annotate_scale.mjs PROGRAM FOLDER [IMAGES] [OBJECTS]')
  process.exit(2)
}
const images = Number(imagesText)
const objects = Number(objectsText)
const side = 1024

// Discs in a grid, one value each.
function discs(x, y) {
  const columns = Math.ceil(Math.sqrt(objects))
  const cell = Math.floor(side / columns)
  const value = Math.floor(y / cell) * columns + Math.floor(x / cell) + 1
  const inside = ((x % cell) - cell / 2) ** 2 + ((y % cell) - cell / 2) ** 2 < (0.4 * cell) ** 2
  return inside && value <= objects ? value : 0
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(join(folder, 'images'), { recursive: true })
mkdirSync(join(folder, 'masks'))
const picture = greyPng(side, side, squares())
const masks = greyPng(side, side, discs)
for (let i = 0; i < images; ++i) {
  writeFileSync(join(folder, 'images', `${i}.png`), picture)
  writeFileSync(join(folder, 'masks', `${i}.png`), masks)
}

const times = []
async function timed(what, work) {
  const start = performance.now()
  const result = await work()
  times.push([what, performance.now() - start])
  return result
}
async function median(what, count, work) {
  const each = []
  for (let i = 0; i < count; ++i) {
    const start = performance.now()
    await work(i)
    each.push(performance.now() - start)
  }
  times.push([`${what} (median of ${count})`, each.sort((a, b) => a - b)[count >> 1]])
}

const project = join(folder, 'project.sonde')
const args = [join(folder, 'images'), '--project', project]
const first = await timed(`import of ${images} x ${objects} masks, and start`, () =>
  Served.start(program, [...args, '--import', join(folder, 'masks')]),
)
await first.stop()
const served = await timed('start on the project', () => Served.start(program, args))
const { images: listed } = await served.json('/api/project')
const total = listed.reduce((sum, image) => sum + image.approved, 0)
if (total !== images * objects) throw new Error(`${total} objects instead of ${images * objects}`)
await median('list', 20, () => served.json('/api/project'))
await median('open an image', 20, (i) => served.json(`/api/images/${listed[i % images].id}`))
await median('masks of an image', 20, (i) =>
  served.request(`/api/images/${listed[i % images].id}/masks?axis=axial&slice=0`).then((answer) => answer.arrayBuffer()),
)
const plane = { axis: 'axial', slice: 0 }
const label = (await served.json('/api/project')).labels[0].id
await median('a brush stroke, made durable', 20, (i) =>
  served.post(`/api/images/${listed[0].id}/actions`, {
    request: `scale-stroke-${i}`,
    view: plane,
    action: { kind: 'stroke', plane, object: null, label, paint: 'add', radii: [8, 8], points: [[10 + i, 10]] },
  }),
)
for (const format of ['png', 'nifti', 'nrrd', 'coco']) {
  const job = await timed(`export as ${format}`, async () =>
    served.job(await served.post('/api/export', { format, each: 'labels' })),
  )
  if (job.state !== 'done') throw new Error(`${format}: ${job.message}`)
}
await served.stop()

console.log(`| ${images} pictures of ${side} x ${side}, ${objects} objects each | ms |\n| --- | --- |`)
for (const [what, ms] of times) console.log(`| ${what} | ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} |`)
