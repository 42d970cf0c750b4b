// SPDX-License-Identifier: Apache-2.0
// `sonde annotate` run by a test: started on a free port, spoken to with its token, stopped or killed.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

export class Served {
  // args: what follows `sonde annotate`. Resolves once the server has printed its address.
  static async start(program, args) {
    const child = spawn(program, ['annotate', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const served = new Served(child)
    await served.#addressed
    return served
  }

  constructor(child) {
    this.child = child
    running.add(child)
    child.on('exit', () => running.delete(child))
    this.stderr = ''
    this.stdout = ''
    child.stderr.on('data', (data) => (this.stderr += data))
    this.ended = new Promise((resolve) => child.on('exit', (status, signal) => resolve({ status, signal })))
    this.#addressed = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.stdout += `${line}\n`
        const found = /(http:\/\/[^/]+)\/\?token=([0-9a-f]+)/.exec(line)
        if (!found) return
        ;[, this.origin, this.token] = found
        this.address = found[0]
        this.port = Number(new URL(this.origin).port)
        resolve()
      })
      this.ended.then(({ status }) => reject(new Error(`sonde annotate ended with ${status}: ${this.stderr}`)))
    })
  }
  #addressed

  request(path, options = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers }
    return fetch(this.origin + path, { ...options, headers })
  }
  async json(path) {
    const response = await this.request(path)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  async post(path, body) {
    const response = await this.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    if (response.headers.get('content-type') === 'application/json') return response.json()
    return bundleJson(Buffer.from(await response.arrayBuffer()))
  }
  async bundle(path) {
    const response = await this.request(path)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    return { ...bundleJson(bytes), masks: bundleMasks(bytes) }
  }
  // Waits for a job's end and returns it.
  async job(started) {
    for (let job = started; ; job = await this.json(`/api/jobs/${job.job}`)) {
      if (!['waiting', 'running'].includes(job.state)) return job
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  stop(signal = 'SIGTERM') {
    this.child.kill(signal)
    return this.ended
  }
}

// The JSON of a bundle (docs/http.md, BUNDLE).
export function bundleJson(bytes) {
  if (bytes.toString('latin1', 0, 4) !== 'SNDB') throw new Error('no bundle')
  return JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(8)))
}

// The masks of a bundle: [{ object, candidate, revision, x0, y0, width, height, has(x, y), area }].
export function bundleMasks(bytes) {
  let at = 16 + bytes.readUInt32LE(8)
  if (bytes.toString('latin1', at, at + 4) !== 'SNDM') throw new Error('no masks')
  const count = bytes.readUInt32LE(at + 8)
  at += 12
  return Array.from({ length: count }, () => {
    const [object, candidate, revision, x0, y0, width, height, size] = Array.from({ length: 8 }, (_, i) =>
      bytes.readUInt32LE(at + 4 * i),
    )
    at += 32 + size
    const bits = unpacked(bytes.subarray(at - size, at), width * height)
    return {
      object,
      candidate: candidate === 0xffffffff ? null : candidate,
      revision,
      ...{ x0, y0, width, height },
      area: bits.reduce((sum, bit) => sum + bit, 0),
      has: (x, y) => x >= x0 && x < x0 + width && y >= y0 && y < y0 + height && bits[(y - y0) * width + x - x0] === 1,
    }
  })
}

function unpacked(runs, count) {
  const bits = new Uint8Array(count)
  let [at, value] = [0, 0]
  for (let i = 0; i < runs.length; value ^= 1) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = runs[i++]
      length += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    bits.fill(value, at, at + length)
    at += length
  }
  return bits
}
