// SPDX-License-Identifier: Apache-2.0
// A person at the page: opens it in Debian's Chromium, finds its way by names and keys, points at pixels of the picture.
import { execFileSync } from 'node:child_process'
import { chromium } from 'playwright-core'

export function openBrowser() {
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export class Person {
  // faults: gets a line for each console message, error and request that should not be.
  static async sitDown(browser, served, faults, viewport = { width: 1280, height: 720 }) {
    const context = await browser.newContext({ viewport })
    const person = new Person(await context.newPage(), served)
    await person.open(served.address, faults)
    return person
  }
  constructor(page, served) {
    this.page = page
    this.served = served
    this.viewer = page.locator('[data-viewer]')
  }
  async open(address, faults) {
    const { page, served } = this
    page.on('console', (message) => {
      const text = message.text()
      // Cornerstone3D's drawing without a graphics card reads its own canvas.
      const isKnown = text.startsWith('Canvas2D: Multiple readback operations')
      if (['error', 'warning'].includes(message.type()) && !isKnown) faults.push(`console: ${text}`)
    })
    page.on('pageerror', (error) => faults.push(`the page failed: ${error.message}`))
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(served.origin) && !/^(data|blob):/.test(url))
        faults.push(`asks for ${url.slice(0, 100)}`)
    })
    await page.goto(address)
    await this.seesPicture()
  }
  // Another tab of the same browser.
  async anotherTab(faults) {
    const person = new Person(await this.page.context().newPage(), this.served)
    await person.open(this.served.origin, faults)
    return person
  }

  async seesPicture(attributes = {}) {
    const wanted = Object.entries({ 'frame-ready': 'true', ...attributes })
    const selector = `[data-viewer]${wanted.map(([name, value]) => `[data-${name}="${value}"]`).join('')}`
    await this.page.locator(selector).waitFor({ timeout: 30000 })
  }
  seesEmbedding() {
    return this.page.locator('.embedding.ready').waitFor({ timeout: 60000 })
  }
  seesSaved() {
    return this.page.locator('.save.saved, .save-state.saved').first().waitFor({ timeout: 30000 })
  }

  seesText(text) {
    return this.page.getByText(text, { exact: true }).first().waitFor({ timeout: 30000 })
  }

  async openImage(name) {
    await this.page
      .getByRole('list', { name: 'List of images' })
      .locator('.image-open', { hasText: name })
      .first()
      .click()
    await this.page.waitForFunction(
      (wanted) => document.querySelector('[data-viewer]')?.getAttribute('aria-label')?.includes(wanted),
      name,
    )
    await this.seesPicture()
    this.css_from_pixel = undefined
  }
  async goTo(axis, slice) {
    const radio = this.page.getByRole('radiogroup', { name: 'Axis' }).getByRole('radio', { name: axis })
    if ((await radio.getAttribute('aria-checked')) !== 'true') await radio.click()
    const field = this.page.getByLabel('Slice number, from 1')
    await field.fill(`${slice + 1}`)
    await field.press('Enter')
    await this.seesPicture({ axis, slice })
    this.css_from_pixel = undefined
    await this.viewer.focus()
  }

  // Where a pixel is on the screen: read off the coordinates that the viewer shows under the mouse, at two places.
  async at(x, y) {
    this.css_from_pixel ??= await this.#calibrate()
    const { scaleX, scaleY, left, top } = this.css_from_pixel
    return [left + scaleX * x, top + scaleY * y]
  }
  async #calibrate() {
    const box = await this.viewer.boundingBox()
    const read = async (shareX, shareY) => {
      const [x, y] = [Math.round(box.x + shareX * box.width), Math.round(box.y + shareY * box.height)]
      await this.page.mouse.move(x, y)
      await this.page.evaluate(
        () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
      )
      const text = await this.page.locator('.viewer-readout').innerText()
      const found = /x (-?[\d.]+), y (-?[\d.]+)/.exec(text)
      return found && { css: [x, y], pixel: [Number(found[1]), Number(found[2])] }
    }
    // The edges of pixels, as the whole numbers shown change: from both sides of the middle.
    const edge = async (axis, from, to) => {
      let [low, high] = [from, to]
      const value = async (share) => (await read(...(axis === 0 ? [share, 0.5] : [0.5, share])))?.pixel[axis]
      const target = await value(low)
      while ((high - low) * (axis === 0 ? box.width : box.height) > 1) {
        const middle = (low + high) / 2
        if ((await value(middle)) <= target) low = middle
        else high = middle
      }
      return { css: axis === 0 ? box.x + high * box.width : box.y + high * box.height, pixel: target + 0.5 }
    }
    const found = {}
    for (const axis of [0, 1]) {
      const [a, b] = [await edge(axis, 0.42, 0.5), await edge(axis, 0.5, 0.58)]
      const scale = (b.css - a.css) / (b.pixel - a.pixel)
      found[axis === 0 ? 'scaleX' : 'scaleY'] = scale
      found[axis === 0 ? 'left' : 'top'] = a.css - scale * a.pixel
    }
    return found
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key)
  }
  async click(x, y, options = {}) {
    await this.page.mouse.click(...(await this.at(x, y)), options)
  }
  async drag(points, pause = 0) {
    const places = []
    for (const point of points) places.push(await this.at(...point))
    await this.page.mouse.move(...places[0])
    await this.page.mouse.down()
    for (const place of places.slice(1)) {
      await this.page.mouse.move(...place, { steps: 4 })
      if (pause) await this.page.waitForTimeout(pause)
    }
    await this.page.mouse.up()
  }
  // With the tip of a pen; gives the kind of pointer that the page saw.
  async penDrag(points) {
    const seen = this.page.evaluate(
      () =>
        new Promise((resolve) =>
          addEventListener('pointerdown', (event) => resolve(event.pointerType), {
            capture: true,
            once: true,
          }),
        ),
    )
    const pen = await this.page.context().newCDPSession(this.page)
    const send = async (type, [x, y], pressed) =>
      pen.send('Input.dispatchMouseEvent', {
        ...{ type, x, y, pointerType: 'pen', button: 'left', clickCount: 1 },
        ...{ buttons: pressed ? 1 : 0, force: pressed ? 0.5 : 0 },
      })
    const places = []
    for (const point of points) places.push(await this.at(...point))
    await send('mousePressed', places[0], true)
    for (const place of places) await send('mouseMoved', place, true)
    await send('mouseReleased', places.at(-1), false)
    await pen.detach()
    return seen
  }
  // Does something and waits for the server's answer to it.
  async acts(work) {
    const answered = this.page.waitForResponse((response) => response.url().endsWith('/actions'), {
      timeout: 30000,
    })
    answered.catch(() => {}) // told of below, unless the work fails first
    await work()
    const response = await answered
    await this.seesSaved()
    return response.status()
  }
  screenshot(path) {
    return this.page.screenshot({ path })
  }
}
