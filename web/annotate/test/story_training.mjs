// SPDX-License-Identifier: Apache-2.0
// Trains on a few approved discs, compares the weights on the open image, uses the new ones, and the old ones again.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greyPng } from '../../../bench/png.mjs'
import { Served } from '../../../test/annotate/served.mjs'
import { Person } from './person.mjs'

const side = 128
const plane = { axis: 'axial', slice: 0 }
const centres = [
  [36, 40],
  [92, 84],
]
// Bright discs that the network is to take for part of the ground around them: places differ from image to image.
const grey = (shift) => (x, y) =>
  (centres.some(([cx, cy]) => (x - cx - shift) ** 2 + (y - cy) ** 2 < 18 ** 2) ? 170 : 60) +
  ((x * y + shift) % 7)

export async function trainingStory({ browser, program, folder, screenshots, check, faults }) {
  const images = join(folder, 'images')
  mkdirSync(images)
  for (const shift of [0, 4, 8])
    writeFileSync(join(images, `disc${shift}.png`), greyPng(side, side, grey(shift)))
  const project = join(folder, 'training.sonde')
  let served = await Served.start(program, [images, '--project', project])
  const person = await Person.sitDown(browser, served, faults)
  const { page } = person
  const shot = (name) => person.screenshot(join(screenshots, `training_${name}.png`))
  const open = () => page.getByRole('button', { name: 'Train', exact: false }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Train on what is approved' })

  await open()
  await dialog.getByText('Not yet: approved so far: 0 objects', { exact: false }).waitFor()
  check(
    (await dialog.getByRole('button', { name: 'Train', exact: true }).count()) === 0,
    'nothing approved: no start',
  )
  await shot('refused')
  await person.press('Escape')

  for (const image of [1, 2, 3]) await approveDiscs(served, image)
  await open()
  await dialog.getByText('6 approved objects of 3 images', { exact: false }).waitFor()
  await dialog.getByLabel('Steps').fill('5000')
  await shot('start')
  await dialog.getByRole('button', { name: 'Train', exact: true }).click()
  await dialog.getByRole('progressbar').waitFor()
  await page.reload()
  await person.seesPicture()
  await page.getByRole('button', { name: 'Training' }).click()
  await dialog.getByRole('button', { name: 'Stop' }).waitFor()
  check(true, 'a page that was reloaded follows the training')
  await shot('running')
  await person.press('Escape')
  await dialog.waitFor({ state: 'hidden' })

  await person.seesEmbedding()
  await person.viewer.focus()
  await person.press('p')
  await person.at(...centres[0]) // finds out where pixels are, which takes its time
  const begin = performance.now()
  await person.acts(() => person.click(...centres[0]))
  check(true, `a click is answered while it trains, in ${Math.round(performance.now() - begin)} ms`)
  await person.press('Escape')

  await page.getByRole('button', { name: 'Training' }).click()
  await dialog.getByRole('button', { name: 'Stop' }).click()
  await dialog.getByRole('button', { name: 'Go on' }).waitFor()
  await shot('stopped')
  await dialog.getByLabel('Steps').fill('3')
  await dialog.getByRole('button', { name: 'Train', exact: true }).click()
  await dialog.getByRole('progressbar').waitFor()
  await person.press('Escape')
  await page.getByText('The training is done', { exact: false }).waitFor({ timeout: 180_000 })
  await open()
  await dialog.getByRole('table').waitFor()
  const rows = await dialog.getByRole('rowheader').allInnerTexts()
  check(
    rows.includes('1 point') && rows.includes('box'),
    `before and after of ${rows.length} kinds of prompt`,
  )
  check((await dialog.locator('.guards li').count()) >= 5, 'and the guards in words')
  await shot('result')
  await dialog.getByRole('button', { name: 'Compare on this image' }).click()
  await person.viewer.focus()
  const answered = page.waitForResponse((response) => response.url().endsWith('/compare'))
  await person.acts(() => person.click(...centres[1]))
  check((await answered).status() === 200, 'both answer a click')
  await person.seesText('Q switches')
  await shot('compared_both')
  await person.press('q')
  await shot('compared_old')
  await person.press('q')
  check(
    (await page.getByRole('radio', { name: 'New' }).getAttribute('aria-checked')) === 'true',
    'Q switches',
  )
  await shot('compared_new')
  const before = (await served.json('/api/project')).model
  await page.getByRole('button', { name: 'Use the new weights' }).click()
  await page.locator('.model-name', { hasText: 'training 2' }).waitFor()
  const now = (await served.json('/api/project')).model
  check(now.training === 2 && now.sha256 !== before.sha256, 'the new weights answer, and the top bar says so')
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await person.viewer.focus()
  await person.press('Escape')
  await person.acts(() => person.click(...centres[0]))
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByText('from here on training 2 answers', { exact: false }).waitFor()
  await shot('used')

  await served.stop()
  const verified = JSON.parse(
    execFileSync(program, ['annotate', '--verify', '--json', project], { encoding: 'utf8' }),
  )
  check(verified.verified && verified.not_asked_again === 0, 'the history replays with both weights')
  served = await Served.start(program, [project])
  check((await served.json('/api/project')).model.sha256 === now.sha256, 'after a restart they still answer')
  await served.post('/api/model', { training: null })
  check((await served.json('/api/project')).model.sha256 === before.sha256, 'until the old ones are chosen')
  await served.stop()
  await page.context().close()
  const away = /net::ERR_/
  faults.splice(0, faults.length, ...faults.filter((line) => !away.test(line)))
}

async function approveDiscs(served, image) {
  const { objects } = await served.json(`/api/images/${image}`)
  const { labels } = await served.json('/api/project')
  if (labels.length === 0) await served.post('/api/labels', { kind: 'add_label', name: 'disc' })
  const shift = 4 * (image - 1)
  for (const [x, y] of centres)
    await served.post(`/api/images/${image}/actions`, {
      request: `approve-${image}-${x}-${objects.length}`,
      view: plane,
      action: {
        ...{ kind: 'stroke', plane, object: null, label: 1, paint: 'add' },
        ...{ radii: [18, 18], points: [[x + shift, y]] },
      },
    })
}
