// SPDX-License-Identifier: Apache-2.0
// node web/report/test/report_page.mjs REPORT.HTML [FOLDER]: opens the report of a study or of a training run in Debian's
// Chromium at two widths, light, dark and as print, and fails on any console message, any request but the page's own, a body
// wider than the window, a section without content, or a control that breaks one of these. Prints the time until everything
// is drawn. Screenshots go to FOLDER.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [page_path, folder] = process.argv.slice(2)
const url = pathToFileURL(resolve(page_path)).href
const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
const SECTIONS = {
  study: 'scores,clicks,modes,size,cases,failures,about',
  training: 'scores,curves,choice,cases,classes,sets,about',
}
const faults = []
const check = (holds, fault) => holds || faults.push(fault)

async function openPage(browser, name, width, colorScheme) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  page.on('console', (message) => faults.push(`${name}: console: ${message.text()}`))
  page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`))
  page.on('request', (request) => {
    check(
      request.url() === url || request.url().startsWith('data:'),
      `${name}: asks for ${request.url().slice(0, 100)}`,
    )
  })
  const start = performance.now()
  await page.goto(url, { waitUntil: 'load' })
  const loaded = performance.now() - start
  await drawn(page)
  console.log(
    `${name}: loaded after ${Math.round(loaded)} ms, all charts after ${Math.round(performance.now() - start)} ms`,
  )
  return page
}

const drawn = (page) =>
  page.waitForFunction(() => document.documentElement.dataset.drawn === 'all', null, { timeout: 30000 })

async function checkLayout(page, name) {
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  check(wide <= 0, `${name}: the page is ${wide} px wider than the window`)
  const empty = await page.evaluate(() =>
    [...document.querySelectorAll('main section')]
      .filter(
        (section) =>
          !section.hidden &&
          section.innerText.trim().length < section.querySelector('h2').innerText.length + 4,
      )
      .map((section) => section.id),
  )
  check(empty.length === 0, `${name}: empty sections: ${empty}`)
  const bare = await page.evaluate(
    () =>
      [...document.querySelectorAll('.plot')].filter(
        (plot) => !plot.getAttribute('aria-label') || plot.querySelector('svg') === null,
      ).length,
  )
  check(bare === 0, `${name}: ${bare} charts are missing or have no text`)
}

async function checkContent(page, name) {
  const sections = await page.evaluate(() =>
    [...document.querySelectorAll('main section')].map((section) => section.id),
  )
  const kind = await page.evaluate(() => document.documentElement.dataset.report)
  check(sections.join() === SECTIONS[kind], `${name}: sections are ${sections}`)
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll('h1,h2,h3,h4')].map((heading) => Number(heading.tagName[1])),
  )
  check(
    levels[0] === 1 && levels.every((level, i) => i === 0 || level <= levels[i - 1] + 1),
    `${name}: headings skip a level`,
  )
  const loose = await page.evaluate(() => document.querySelectorAll('th:not([scope])').length)
  check(loose === 0, `${name}: ${loose} table headers have no scope`)
  const nameless = await page.evaluate(
    () =>
      [...document.querySelectorAll('button,select,input')].filter(
        (control) =>
          !(control.innerText.trim() || control.getAttribute('aria-label') || control.labels?.length),
      ).length,
  )
  check(nameless === 0, `${name}: ${nameless} controls have no name`)
}

// Every control once.
async function useControls(page, name) {
  for (const select of await page.locator('select').all()) {
    if (!(await select.isVisible())) continue
    const values = await select.evaluate((node) => [...node.options].map((option) => option.value))
    for (const value of values.length > 0 ? [values[values.length - 1], values[0]] : []) {
      await select.selectOption(value)
      await drawn(page)
    }
  }
  for (const radio of await page.locator('.segments input').all()) {
    await radio.check({ force: true })
    await drawn(page)
  }
  if (await page.locator('#pick-published').isVisible()) await page.locator('#pick-published').check()
  await drawn(page)
  await checkLayout(page, `${name}, published`)
  if (await page.locator('button.frame').count()) {
    await page.locator('button.frame').first().click()
    check((await page.locator('dialog[open] svg').count()) > 0, `${name}: a case does not open`)
    await page.locator('dialog .close').click()
  }
  await page.locator('#theme').click()
  await drawn(page)
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const shot = (page, name) => folder && page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
for (const [name, width, scheme] of [
  ['wide-light', 1280, 'light'],
  ['wide-dark', 1280, 'dark'],
  ['narrow-light', 390, 'light'],
  ['narrow-dark', 390, 'dark'],
]) {
  const page = await openPage(browser, name, width, scheme)
  await checkLayout(page, name)
  await checkContent(page, name)
  await shot(page, name)
  if (scheme === 'light') {
    await useControls(page, name)
    await checkLayout(page, `${name}, used`)
    await shot(page, `${name}-used`)
  }
  await page.close()
}
const page = await openPage(browser, 'print', 800, 'dark')
await page.emulateMedia({ media: 'print' })
await checkLayout(page, 'print')
if (folder) await page.pdf({ path: `${folder}/print.pdf`, format: 'A4' })
await browser.close()

for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
