// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greyPng } from '../../../bench/png.mjs'
import { readPng } from '../../../test/annotate/png_read.mjs'
import { Served } from '../../../test/annotate/served.mjs'
import { boxOf, iou, largestPart, masksOf, middleOf, snapshot } from './looking.mjs'
import { Person } from './person.mjs'

const plane = { axis: 'axial', slice: 0 }

// An ultrasound picture with its truth and one of nuclei; made-up ones where there are no real ones.
function pictures(shared, folder) {
  const images = join(folder, 'images')
  mkdirSync(images)
  const nerve = join(shared, 'data/images2d/us_nerve_usgra')
  const nuclei = join(shared, 'data/images2d/fluo_nuclei_dsb2018/images/00071198d059ba7f.png')
  if (!existsSync(nerve)) {
    const disc = (x, y) => (x - 200) ** 2 + (y - 260) ** 2 < 80 ** 2
    const dots = (x, y) => ((x % 64) - 32) ** 2 + ((y % 64) - 32) ** 2 < 14 ** 2
    writeFileSync(
      join(images, 'nerve.png'),
      greyPng(512, 512, (x, y) => (disc(x, y) ? 190 : 60) + ((x * y) % 7)),
    )
    writeFileSync(
      join(images, 'nuclei.png'),
      greyPng(256, 256, (x, y) => (dots(x, y) ? 200 : 20) + ((x * y) % 5)),
    )
    return { images, width: 512, height: 512, truth: disc, is_real: false }
  }
  copyFileSync(join(nerve, 'images/train_0000.png'), join(images, 'nerve.png'))
  copyFileSync(nuclei, join(images, 'nuclei.png'))
  const { width, height, values } = readPng(readFileSync(join(nerve, 'masks/train_0000.png')))
  const truth = largestPart((x, y) => values[y * width + x] === 1, { width, height })
  return { images, width, height, truth, is_real: true }
}

export async function picturesStory({ browser, program, folder, screenshots, shared, check, faults }) {
  const data = pictures(shared, folder)
  if (!data.is_real) console.log('SKIPPED: no real pictures, made-up ones are annotated')
  const project = join(folder, 'pictures.sonde')
  let served = await Served.start(program, [data.images, '--project', project])
  const person = await Person.sitDown(browser, served, faults)
  const images = (await served.json('/api/project')).images
  const id = Object.fromEntries(images.map((image) => [image.name, image.id]))
  const objects = async (name = 'nerve.png') => (await served.json(`/api/images/${id[name]}`)).objects

  await drawNerve({ person, served, data, image: id['nerve.png'], check, objects })
  await person.screenshot(join(screenshots, 'refined.png'))
  await brushNameLock({ person, check, objects })
  await person.screenshot(join(screenshots, 'locked.png'))
  await everything({ person, served, image: id['nuclei.png'], check, objects, screenshots })
  await undoAndRedo({ person, served, image: id['nuclei.png'], check })
  await reloadAndTabs({ person, served, image: id['nuclei.png'], check, faults })
  await person.page.context().close()

  // What was exported, brought into a new project, is what was drawn.
  const drawn = await approvedMasks(served, id['nerve.png'])
  const nuclei = await approvedMasks(served, id['nuclei.png'])
  const job = await served.job(await served.post('/api/export', { format: 'png', each: 'labels' }))
  check(job.state === 'done', `the export as PNG is done ${job.message}`)
  await served.stop()
  served = await Served.start(program, [
    ...[data.images, '--project', join(folder, 'again.sonde')],
    ...['--import', join(job.result.folder, 'masks')],
  ])
  const again = Object.fromEntries(
    (await served.json('/api/project')).images.map((image) => [image.name, image.id]),
  )
  for (const [name, before, size] of [
    ['nerve.png', drawn, data],
    ['nuclei.png', nuclei, { width: 256, height: 256 }],
  ]) {
    const after = await approvedMasks(served, again[name])
    const same = after.length > 0 && equal(union(before), union(after), size)
    check(same, `${name}: what was exported and read back is what was drawn, to the pixel`)
  }
  check((await served.stop()).status === 0, 'the server ends with status 0 when it is asked to')
}

async function approvedMasks(served, image) {
  const { objects } = await served.json(`/api/images/${image}`)
  const approved = new Set(objects.filter(({ state }) => state === 'approved').map(({ id }) => id))
  return (await masksOf(served, image, plane)).filter(
    ({ object, candidate }) => candidate === null && approved.has(object),
  )
}

const union = (masks) => (x, y) => masks.some((mask) => mask.has(x, y))

function equal(a, b, { width, height }) {
  for (let y = 0; y < height; ++y) for (let x = 0; x < width; ++x) if (a(x, y) !== b(x, y)) return false
  return true
}

async function drawNerve({ person, served, data, image, check, objects }) {
  await person.openImage('nerve.png')
  await person.seesEmbedding()
  const field = person.page.getByLabel('Name of a new label')
  await field.fill('nerve')
  await field.press('Enter')
  await person.page.getByRole('radiogroup', { name: 'Active label' }).getByText('nerve').click()
  await person.viewer.focus()

  await person.press('b')
  const [x0, y0, x1, y1] = boxOf(data.truth, data)
  await person.acts(() => person.drag([[x0, y0], [x1, y1]])) // prettier-ignore
  const proposal = (await objects())[0]
  check(
    proposal?.state === 'proposed' && proposal.candidates.length === 4 && proposal.chosen === 0,
    'a box gives the single answer, with the three candidates behind it',
  )
  const box = proposal.prompt.box
  const off = Math.max(...[x0, y0, x1, y1].map((side, i) => Math.abs(side - box[i])))
  check(off <= 1.5, `the box is where it was drawn (off by ${off.toFixed(2)} px at most)`)
  const own = (masks) => masks.find((mask) => mask.object === proposal.id && mask.candidate === null)
  const before = own(await masksOf(served, image, plane))
  const first = iou(before, data.truth, data)
  check(first > 0.5, `its mask is the nerve (IoU ${first.toFixed(3)} with the truth)`)

  await person.viewer.focus()
  await person.acts(() => person.press('Tab'))
  check((await objects())[0].chosen !== proposal.chosen, 'Tab shows another candidate')
  await person.acts(() => person.press('Shift+Tab'))
  check((await objects())[0].chosen === proposal.chosen, 'Shift+Tab goes back')

  // A click outside, at what the mask has too much.
  const excess = (x, y) => before.has(x, y) && !data.truth(x, y)
  const [x, y] = middleOf(excess, data) ?? [x0, y0]
  await person.press('n')
  await person.acts(() => person.click(x, y))
  const refined = (await objects())[0]
  check(
    refined.id === proposal.id && refined.prompt.points.length === 1,
    'a click outside refines the same proposal',
  )
  check(refined.prompt.points[0].label === 0, 'the click is a background point')
  check(!own(await masksOf(served, image, plane)).has(x, y), 'and its pixel is outside the new mask')
  await person.viewer.focus()
  await person.acts(() => person.press('Enter'))
  const accepted = (await objects())[0]
  check(accepted.state === 'approved', 'Enter accepts it')
  const labels = (await served.json('/api/project')).labels
  check(labels.find((label) => label.id === accepted.label)?.name === 'nerve', 'with the active label')
}

async function brushNameLock({ person, check, objects }) {
  const [before] = await objects()
  await person.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option').first().click()
  await person.press('r')
  await person.acts(() => person.drag([[300, 60], [330, 70], [360, 60]])) // prettier-ignore
  const [painted] = await objects()
  check(
    painted.id === before.id && painted.area > before.area,
    `the brush adds to the object (${before.area} to ${painted.area} px)`,
  )
  await person.press('e')
  await person.acts(() => person.drag([[330, 70], [335, 70]])) // prettier-ignore
  check((await objects())[0].area < painted.area, 'the eraser takes from it')
  await person.press('l')
  await person.acts(() => person.drag([[100, 420], [160, 420], [160, 470], [100, 470]])) // prettier-ignore
  check((await objects())[0].area > painted.area, 'the lasso adds to it')

  await person.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option').first().dblclick()
  const name = person.page.getByLabel(`Name of object ${before.id}`)
  await name.fill('median nerve')
  await person.acts(() => name.press('Enter'))
  check((await objects())[0].name === 'median nerve', 'the object is named')
  await person.viewer.focus()
  await person.acts(() => person.press('k'))
  const [locked] = await objects()
  check(locked.locked, 'K locks it')
  await person.press('r')
  await person.drag([[300, 60], [300, 100]]) // prettier-ignore
  await person.page.waitForTimeout(500)
  check(
    (await objects()).find((object) => object.id === locked.id).area === locked.area,
    'a locked object stays as it is',
  )
  await person.page.keyboard.press('Escape')
}

async function propose(person, points) {
  await person.page.getByRole('button', { name: 'Everything', exact: true }).click()
  const dialog = person.page.getByRole('dialog', { name: 'Everything' })
  await dialog.getByLabel('Points per side').fill(`${points}`)
  await dialog.getByRole('button').last().click()
}

// While Everything runs one sees what it has found, and may stop it.
async function previewAndCancel({ person, check, objects, screenshots }) {
  await propose(person, 48)
  const job = person.page.getByRole('group', { name: 'Everything is under way' })
  await person.page.locator('[data-viewer]:not([data-preview="0"])').waitFor({ timeout: 60000 })
  await job.getByText(/^[1-9]\d* found$/).waitFor()
  await person.screenshot(join(screenshots, 'everything_running.png'))
  const [done, total] = /(\d+) of (\d+)/
    .exec(await job.locator('[title*="points done"]').getAttribute('title'))
    .slice(1)
  check(
    total === '2304' && Number(done) > 0 && Number(done) < 2304,
    `outlines are seen after ${done} of ${total} points`,
  )
  check((await objects('nuclei.png')).length === 0, 'they are not objects yet')
  const asked = performance.now()
  await job.getByRole('button', { name: 'Cancel' }).click()
  await job.waitFor({ state: 'detached', timeout: 10000 })
  check(true, `Cancel ends it (after ${(performance.now() - asked).toFixed(0)} ms)`)
  await person.page.locator('[data-viewer][data-preview="0"]').waitFor({ timeout: 5000 })
  check((await objects('nuclei.png')).length === 0, 'and nothing is left of it')
}

async function everything({ person, served, image, check, objects, screenshots }) {
  await person.openImage('nuclei.png')
  await person.seesEmbedding()
  const field = person.page.getByLabel('Name of a new label')
  await field.fill('nucleus')
  await field.press('Enter')
  await person.page.getByRole('radiogroup', { name: 'Active label' }).getByText('nucleus').click()
  await previewAndCancel({ person, check, objects, screenshots })
  await propose(person, 16)
  const list = person.page.getByRole('listbox', { name: 'Proposed objects' })
  await list.getByRole('option').first().waitFor({ timeout: 120000 })
  await person.seesSaved()
  const proposed = (await objects('nuclei.png')).filter((object) => object.source === 'everything')
  check(proposed.length >= 5, `Everything proposes ${proposed.length} objects`)
  await person.page.locator('[data-viewer][data-preview="0"]').waitFor({ timeout: 5000 })

  await list.getByRole('option').first().hover()
  await person.screenshot(join(screenshots, 'everything.png'))
  // Click one in the picture to keep it.
  const masks = await masksOf(served, image, plane)
  const small = [...masks].filter((mask) => mask.area > 30).sort((a, b) => a.area - b.area)
  const target = small[0]
  const [x, y] = middleOf(target.has, { width: 256, height: 256 })
  await person.press('Escape', 's')
  await person.acts(() => person.click(x, y))
  const kept = (await objects('nuclei.png')).filter((object) => object.state === 'approved')
  check(kept.length === 1, 'a click in the picture keeps a proposal')

  // Several at once, named at once.
  const options = list.getByRole('option')
  await options.nth(1).click()
  await options.nth(4).click({ modifiers: ['Shift'] })
  const label = (await served.json('/api/project')).labels.find((one) => one.name === 'nucleus').id
  await person.acts(() => person.page.getByLabel('Label of the selected objects').selectOption(`${label}`))
  const named = (await objects('nuclei.png')).filter((object) => object.state === 'approved')
  check(named.length >= 4, `several proposals are approved and named at once (${named.length})`)
  check(
    named.every((object) => object.label === label),
    'all with the label chosen',
  )

  const approved = person.page.getByRole('listbox', { name: 'Approved objects' }).getByRole('option')
  await approved.nth(0).click()
  await approved.nth(1).click({ modifiers: ['Control'] })
  await person.viewer.focus()
  await person.acts(() => person.press('m'))
  const merged = (await objects('nuclei.png')).filter((object) => object.state === 'approved')
  check(merged.length === named.length - 1, 'M merges two of them')
  await person.acts(() => person.page.getByRole('button', { name: 'Split into connected parts' }).click())
  check((await objects('nuclei.png')).length >= merged.length, 'and splitting parts them again')
  // A proposal of the whole picture may have been kept: strokes over it are allowed to.
  await person.page.getByRole('button', { name: 'Project and model' }).click()
  await Promise.all([
    person.page.waitForResponse((response) => response.url().endsWith('/api/settings')),
    person.page.getByRole('radio', { name: /Allow/ }).click(),
  ])
  await person.page.getByRole('radio', { name: /Allow/, checked: true }).waitFor({ timeout: 30000 })
  await person.press('Escape')
  await person.viewer.focus()
  for (let i = 0; i < 8; ++i) {
    await person.press('r')
    await person.acts(() => person.drag([[20 + 25 * i, 20], [30 + 25 * i, 25]])) // prettier-ignore
    await person.press('Escape')
  }
  await person.screenshot(join(screenshots, 'named.png'))
}

async function undoAndRedo({ person, served, image, check }) {
  const before = await snapshot(served, image, plane)
  await person.viewer.focus()
  const seen = [before]
  for (let i = 0; i < 10; ++i) {
    await person.acts(() => person.press('Control+z'))
    seen.push(await snapshot(served, image, plane))
  }
  check(new Set(seen).size === 11, 'each of ten undos goes a step back')
  let same = true
  for (let i = 9; i >= 0; --i) {
    await person.acts(() => person.press('Control+Shift+z'))
    // Whether there is something to redo is part of the snapshot of the end alone.
    const now = JSON.parse(await snapshot(served, image, plane))
    const then = JSON.parse(seen[i])
    same &&= JSON.stringify([now.objects, now.masks]) === JSON.stringify([then.objects, then.masks])
  }
  check(same, 'each redo gives back objects and masks as they were')
}

async function reloadAndTabs({ person, served, image, check, faults }) {
  const before = await snapshot(served, image, plane)
  await person.page.reload()
  await person.seesPicture()
  await person.openImage('nuclei.png')
  check((await snapshot(served, image, plane)) === before, 'after a reload everything is there')
  const shown = await person.page
    .getByRole('listbox', { name: 'Approved objects' })
    .getByRole('option')
    .count()

  const other = await person.anotherTab(faults)
  await other.openImage('nuclei.png')
  await other.viewer.focus()
  await other.press('r')
  await other.acts(() => other.drag([[20, 230], [40, 235]])) // prettier-ignore
  await person.page
    .getByRole('listbox', { name: 'Approved objects' })
    .getByRole('option')
    .nth(shown)
    .waitFor({ timeout: 5000 })
  check(true, 'a second tab draws an object, the first one sees it')
  await person.page.bringToFront()
  await person.viewer.focus()
  await person.press('Escape', 'r')
  await person.acts(() => person.drag([[60, 230], [80, 235]])) // prettier-ignore
  const count = (await served.json(`/api/images/${image}`)).objects.filter(
    ({ state }) => state === 'approved',
  ).length
  check(count === shown + 2, 'and what both have drawn is kept')
  await other.page.close()
}
