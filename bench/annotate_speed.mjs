// SPDX-License-Identifier: Apache-2.0
// annotate_speed.mjs PROGRAM FOLDER [RUNS]: how fast the annotation page feels in Debian's Chromium: click to visible mask, brush,
// opening a volume, scrolling while embeddings are computed. Needs the real pictures (SONDE_SHARED, else ../shared) and
// Debian's ch2 volume. FOLDER is made anew; prints a table.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Served } from '../test/annotate/served.mjs'
import { openBrowser, Person } from '../web/annotate/test/person.mjs'

const [program, folder, runsText = '40'] = process.argv.slice(2)
if (!program || !folder) {
  console.error('usage: annotate_speed.mjs PROGRAM FOLDER [RUNS]')
  process.exit(2)
}
const runs = Number(runsText)
rmSync(folder, { recursive: true, force: true })
mkdirSync(join(folder, 'images'), { recursive: true })
const sets = join(process.env.SONDE_SHARED ?? '../shared', 'data/images2d')
copyFileSync(join(sets, 'fluo_nuclei_dsb2018/images/08275a5b1c2dfcd7.png'), join(folder, 'images/nuclei.png'))
copyFileSync(join(sets, 'us_nerve_usgra/images/train_0000.png'), join(folder, 'images/nerve.png'))
const listing = execFileSync('dpkg-query', ['--listfiles', 'mricron-data'], { encoding: 'utf8' })
const volume = /^.*\/ch2\.nii\.gz$/m.exec(listing)[0]

const rows = []
const quantile = (times, share) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))]
function row(what, times) {
  rows.push(`| ${what} | ${quantile(times, 0.5).toFixed(1)} | ${quantile(times, 0.95).toFixed(1)} | ${times.length} |`)
}

// Runs in the page: times from a press to the frame that shows its mask, of the handlers of pointer moves and of frames.
function watch() {
  const seen = (window.__times = { clicks: [], moves: [], frames: [], slices: [] })
  let pressed = 0
  addEventListener('pointerdown', () => (pressed = performance.now()), true)
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
  const changed = new MutationObserver((mutations) => {
    for (const { attributeName, target, oldValue } of mutations) {
      if (target.getAttribute(attributeName) === oldValue) continue
      if (attributeName === 'data-slice') seen.slices.push(performance.now())
      if (attributeName !== 'data-mask-revision' || pressed === 0 || target.dataset.maskRevision === '0') continue
      const start = pressed
      pressed = 0
      request(() => seen.clicks.push(performance.now() - start)) // the frame after the one that drew it
    }
  })
  addEventListener('DOMContentLoaded', () =>
    changed.observe(document, { attributes: true, attributeOldValue: true, subtree: true, attributeFilter: ['data-slice', 'data-mask-revision'] }),
  )
}
const times = (person) => person.page.evaluate(() => window.__times)
const forget = (person) =>
  person.page.evaluate(() => Object.values(window.__times).forEach((list) => (list.length = 0)))

async function clicks(person, name, side) {
  await person.openImage(name)
  await person.seesEmbedding()
  await person.viewer.focus()
  await forget(person)
  let noise = 7
  const somewhere = () => (noise = (noise * 1103515245 + 12345) % 2147483648) / 2147483648
  for (let i = 0; i < runs; ++i) {
    await person.press('p')
    await person.acts(() => person.click((0.1 + 0.8 * somewhere()) * side, (0.2 + 0.6 * somewhere()) * side))
    await person.page.waitForFunction((count) => window.__times.clicks.length >= count, i + 1, { timeout: 5000 }).catch(() => {})
    await person.acts(() => person.press('Escape'))
  }
  row(`click to visible mask, ${name} (${side} x ${side})`, (await times(person)).clicks)
}

async function brush(person, name, side) {
  await person.openImage(name)
  await person.viewer.focus()
  await person.press('r')
  await forget(person)
  for (let i = 0; i < 4; ++i) {
    const points = Array.from({ length: 40 }, (_, k) => [side * (0.1 + 0.02 * k), side * (0.3 + 0.1 * i + 0.03 * Math.sin(k))])
    await person.acts(() => person.drag(points))
  }
  const { moves, frames } = await times(person)
  row(`brush, a move's handler, ${name}`, moves)
  row(`brush, a frame's drawing, ${name}`, frames)
}

async function volumes(browser) {
  const served = await Served.start(program, [volume, '--project', join(folder, 'volume.sonde'), '--no-store'])
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  const page = await context.newPage()
  await page.addInitScript(watch)
  const person = new Person(page, served)
  const start = performance.now()
  await person.open(served.address, [])
  row('open the page with a 181 x 217 x 181 volume, until it shows', [performance.now() - start])
  const box = await person.viewer.boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await person.goTo('axial', 20)
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await forget(person)
  const notches = 120
  const sent = []
  for (let i = 0; i < notches; ++i) {
    sent.push(page.mouse.wheel(0, 100)) // a hand does not wait for the picture
    await new Promise((resolve) => setTimeout(resolve, 33))
  }
  await Promise.all(sent)
  await page.waitForTimeout(300)
  const { slices } = await times(person)
  const gaps = slices.slice(1).map((time, i) => time - slices[i])
  row('scrolling, from slice to slice while embeddings are computed', gaps)
  rows.push(`| slices a second | ${((1000 * gaps.length) / (slices.at(-1) - slices[0])).toFixed(1)} | | ${gaps.length} |`)
  await context.close()
  await served.stop()
}

const browser = await openBrowser()
const served = await Served.start(program, [join(folder, 'images'), '--project', join(folder, 'pictures.sonde')])
const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
const page = await context.newPage()
await page.addInitScript(watch)
const person = new Person(page, served)
await person.open(served.address, [])
await clicks(person, 'nuclei.png', 1024)
await clicks(person, 'nerve.png', 512)
await brush(person, 'nuclei.png', 1024)
await context.close()
await served.stop()
await volumes(browser)
await browser.close()
console.log('| what | median ms | 95th percentile | n |\n| --- | --- | --- | --- |')
for (const line of rows) console.log(line)
