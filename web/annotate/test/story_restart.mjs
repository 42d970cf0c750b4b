// SPDX-License-Identifier: Apache-2.0
// The server of an open page is killed and started again with the same command: the page says what is, waits, and goes
// on by itself.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greyPng } from '../../../bench/png.mjs'
import { Served } from '../../../test/annotate/served.mjs'
import { Person } from './person.mjs'

const side = 256
const disc = (x, y) => ((x - 128) ** 2 + (y - 128) ** 2 < 50 ** 2 ? 200 : 40) + ((x * y) % 7)

export async function restartStory({ browser, program, folder, screenshots, check, faults }) {
  const images = join(folder, 'images')
  mkdirSync(images)
  for (const name of ['a.png', 'b.png']) writeFileSync(join(images, name), greyPng(side, side, disc))
  const project = join(folder, 'restart.sonde')
  const start = (...more) => Served.start(program, [images, '--project', project, ...more])
  const told = [] // the browser itself tells of requests that were lost or refused
  const served = await start()
  const person = await Person.sitDown(browser, served, told)
  const setting = { person, project, start, check, screenshots }
  await person.seesEmbedding()

  let now = await strokeWaits({ ...setting, served })
  now = await imageWaits({ ...setting, served: now })
  now = await jobEnds({ ...setting, served: now })
  await exportHoldsNoToken({ ...setting, served: now })
  now = await lockedOut({ ...setting, served: now })
  await now.stop()
  await person.page.context().close()
  const lost = /net::ERR_|status of 401|status of 404/
  faults.push(...told.filter((line) => !lost.test(line)))
}

const areas = async (served) =>
  (await served.json('/api/images/1')).objects.map(({ area }) => area).filter((area) => area > 0)

async function strokeWaits({ person, served, project, start, check, screenshots }) {
  await person.viewer.focus()
  await person.press('r')
  await person.acts(() => person.drag([[40, 40], [80, 40]])) // prettier-ignore
  const [before] = await areas(served)
  check((statSync(join(project, 'sonde.token')).mode & 0o777) === 0o600, 'the token is its user’s alone')
  await served.stop('SIGKILL')
  const begin = performance.now()
  await person.seesText('Connection lost: trying again')
  check(performance.now() - begin < 3000, 'a server that was killed is missed at once, in words')
  await person.seesText('Not connected')
  await person.drag([[80, 40], [80, 90]]) // prettier-ignore
  await person.seesText('Connection lost: 1 change kept, trying again')
  check((await person.page.locator('.save.saved, .embedding.ready').count()) === 0, 'nothing looks fine')
  await person.screenshot(join(screenshots, 'connection_lost.png'))
  const again = await start()
  check(again.address === served.address, 'the same command gives the same address')
  await person.seesSaved()
  await person.seesEmbedding()
  const [after, ...others] = await areas(again)
  check(after > before && others.length === 0, `the stroke that waited arrives (${before} to ${after} px)`)
  await person.press('Escape', 'p')
  const status = await person.acts(() => person.click(128, 128))
  check(status === 200, 'and the page goes on: a click is answered')
  return again
}

async function imageWaits({ person, served, start, check }) {
  await served.stop('SIGKILL')
  await person.page.locator('.image-open', { hasText: 'b.png' }).click()
  await person.seesText('The server does not respond: trying again')
  const again = await start()
  await person.seesPicture()
  await person.page.getByText('The server does not respond').waitFor({ state: 'detached' })
  const title = await person.viewer.getAttribute('aria-label')
  check(title.includes('b.png'), 'an image that was asked for meanwhile is opened')
  await person.openImage('a.png')
  return again
}

async function jobEnds({ person, served, start, check }) {
  await person.seesEmbedding()
  await person.page.getByRole('button', { name: 'Everything', exact: true }).click()
  const dialog = person.page.getByRole('dialog', { name: 'Everything' })
  await dialog.getByLabel('Points per side').fill('64')
  await dialog.getByRole('button').last().click()
  const bar = person.page.getByLabel('Progress of Everything')
  await bar.waitFor()
  await served.stop('SIGKILL')
  const again = await start()
  await person.seesText(/Everything was interrupted/)
  await bar.waitFor({ state: 'detached' })
  check(true, 'a job that its server took with it ends with a message')
  await person.page.getByLabel('Dismiss').first().click()
  return again
}

async function exportHoldsNoToken({ served, project, check }) {
  const files = []
  for (const format of ['png', 'nifti', 'nrrd', 'coco']) {
    const job = await served.job(await served.post('/api/export', { format, each: 'labels' }))
    check(job.state === 'done', `the export as ${format} is done ${job.message}`)
  }
  for (const entry of readdirSync(join(project, 'exports'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name))
  const holds = files.filter((file) => readFileSync(file).includes(served.token))
  const named = files.filter((file) => file.endsWith('sonde.token'))
  check(files.length >= 4 && holds.length + named.length === 0, `no exported file holds the token`)
}

async function lockedOut({ person, served, project, start, check, screenshots }) {
  await served.stop('SIGKILL')
  rmSync(join(project, 'sonde.token'))
  const again = await start('--port', `${served.port}`)
  check(again.token !== served.token, 'without the file there is a new token')
  await person.page.getByText("This page's key is no longer valid.").waitFor()
  await person.screenshot(join(screenshots, 'locked_out.png'))
  const other = await person.page.context().newPage()
  await other.goto(again.address)
  await other.locator('[data-viewer][data-frame-ready="true"]').waitFor()
  await person.page.bringToFront()
  await person.seesSaved()
  check(
    (await person.page.locator('.stage-notice').count()) === 0,
    'the new address in another tab lets in both',
  )
  return again
}
