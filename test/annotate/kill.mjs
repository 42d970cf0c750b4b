// SPDX-License-Identifier: Apache-2.0
// kill.mjs PROGRAM [SEED]: kills `sonde annotate` in the middle of strokes, again and again. After each restart the
// project opens, everything that was acknowledged is there pixel for pixel, a request whose answer was lost is not done
// twice, and undo and redo go on from there.
import { isDeepStrictEqual } from 'node:util'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greyPng, squares } from '../../bench/png.mjs'
import { Served, bundleJson } from './served.mjs'

const kKills = 30
const kSide = 256
const kPictures = 2 // one client each, so that at most one request of each is under way
const kMaxRoundMs = 700
const kPlane = { axis: 'axial', slice: 0 }

const [program, seedText = '1'] = process.argv.slice(2)
if (!program) {
  console.error('usage: kill.mjs PROGRAM [SEED]')
  process.exit(2)
}

let noise = Number(seedText) >>> 0
function random(below) {
  noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0
  return Math.floor((noise / 2 ** 32) * below)
}
const pick = (list) => list[random(list.length)]

// Object to the bytes of its own mask, from a bundle.
function bundleMasks(bytes) {
  const masks = new Map()
  let at = 16 + bytes.readUInt32LE(8)
  const count = bytes.readUInt32LE(at + 8)
  at += 12
  for (let i = 0; i < count; ++i) {
    const own = bytes.readUInt32LE(at + 4) === 0xffffffff
    const length = bytes.readUInt32LE(at + 28)
    if (own) masks.set(bytes.readUInt32LE(at), bytes.toString('hex', at + 12, at + 32 + length))
    at += 32 + length
  }
  return masks
}

// What one client knows of an image: what the server has acknowledged, and how it was after each action.
class Client {
  constructor(image) {
    this.image = image
    this.objects = new Map() // id to { object, mask }
    this.undoable = [new Map()] // states, the last is the present one
    this.acknowledged = 0
    this.sent = 0
    this.pending = null
  }

  // What there is after an answer.
  taken(bytes) {
    const bundle = bundleJson(bytes)
    const masks = bundleMasks(bytes)
    const objects = new Map(this.objects)
    for (const { revision, ...object } of bundle.changed) {
      const mask = masks.get(object.id) ?? objects.get(object.id)?.mask
      objects.set(object.id, { object, mask: object.area > 0 ? mask : null })
    }
    bundle.removed.forEach((id) => objects.delete(id))
    return objects
  }
  // An action that changes nothing is not an event: there is nothing to undo.
  record(action, objects) {
    const isEvent = !isDeepStrictEqual(objects, this.objects)
    this.objects = objects
    if (action.kind === 'undo') this.undoable.pop()
    else if (isEvent) this.undoable.push(objects)
  }

  stroke(object) {
    const label = object === null ? 1 : undefined
    const points = Array.from({ length: 1 + random(6) }, () => [random(kSide), random(kSide)])
    const paint = object === null ? 'add' : pick(['add', 'add', 'remove'])
    return { kind: 'stroke', plane: kPlane, object, label, paint, radii: [1 + random(12), 1 + random(12)], points }
  }
  nextAction() {
    const all = [...this.objects.values()].map(({ object }) => object)
    const proposed = all.filter(({ state }) => state === 'proposed')
    const dice = random(10)
    if (dice === 0 && this.undoable.length > 2) return { kind: 'undo' }
    if (dice === 1) {
      const point = { x: random(kSide), y: random(kSide), label: 1 }
      return { kind: 'ask', plane: kPlane, window: 'auto', points: [point], box: null }
    }
    if (dice === 2 && proposed.length > 0) return { kind: 'accept', objects: [pick(proposed).id], label: 1 }
    if (dice < 7 && all.length > 0) return this.stroke(pick(all).id)
    return this.stroke(null)
  }

  async send(served, request, action) {
    const response = await served.request(`/api/images/${this.image}/actions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ request, view: kPlane, action }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    if (response.status === 409) return { conflict: `${bytes}` } // nothing is left of a mask, say: nothing has changed
    if (response.status !== 200) return { refused: `${response.status} ${bytes}` }
    this.acknowledged += 1
    return { objects: this.taken(bytes) }
  }

  // One action after another until the server is gone.
  async work(served) {
    for (;;) {
      this.pending = {
        request: `kill-${this.image}-${String(this.sent++).padStart(6, '0')}`,
        action: this.nextAction(),
      }
      try {
        const { request, action } = this.pending
        const { refused, objects } = await this.send(served, request, action)
        if (refused) return refused
        if (objects) this.record(action, objects)
        this.pending = null
      } catch {
        return null // killed
      }
    }
  }

  // After a restart. Returns what is wrong.
  async check(served) {
    const before = await this.read(served)
    const wrong = this.pending ? await this.settle(served, before) : []
    const after = await this.read(served)
    if (!isDeepStrictEqual(after, this.objects)) wrong.push(difference(this.objects, after))
    return wrong
  }

  // Sends the request again whose answer was lost: it is there already as a whole, or not at all.
  async settle(served, before) {
    const isDone = !isDeepStrictEqual(before, this.objects)
    const { request, action } = this.pending
    this.pending = null
    const { refused, conflict, objects } = await this.send(served, request, action)
    if (refused) return [`the request whose answer was lost: ${refused}`]
    if (isDone && conflict) return [`a request that was done is answered: ${conflict}`]
    if (isDone && !isDeepStrictEqual(await this.read(served), before)) return ['a request was done twice']
    if (!conflict) this.record(action, isDone ? before : objects)
    const present = this.undoable.at(-1)
    return isDeepStrictEqual(present, this.objects) ? [] : [`an undo: ${difference(present, this.objects)}`]
  }

  // The last action undone and redone.
  async checkUndo(served) {
    if (this.undoable.length < 2) return []
    const [former, present] = this.undoable.slice(-2)
    const wrong = []
    for (const [kind, expected] of [
      ['undo', former],
      ['redo', present],
    ]) {
      const { refused, conflict } = await this.send(served, `kill-${this.image}-${kind}-${this.sent++}`, { kind })
      if (refused ?? conflict) return [`${kind}: ${refused ?? conflict}`]
      const seen = await this.read(served)
      if (!isDeepStrictEqual(seen, expected)) wrong.push(`${kind}: ${difference(expected, seen)}`)
    }
    return wrong
  }

  async read(served) {
    const response = await served.request(`/api/images/${this.image}/masks?axis=axial&slice=0`)
    const bytes = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) throw new Error(`masks: ${response.status} ${bytes}`)
    return new Client(this.image).taken(bytes)
  }
}

function difference(expected, seen) {
  const lines = []
  for (const id of new Set([...expected.keys(), ...seen.keys()])) {
    if (isDeepStrictEqual(expected.get(id), seen.get(id))) continue
    lines.push(`object ${id} is ${JSON.stringify(seen.get(id))}, was ${JSON.stringify(expected.get(id))}`.slice(0, 600))
  }
  return lines.join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'sonde-kill-'))
process.env.XDG_CACHE_HOME = folder
const project = join(folder, 'project')
const pictures = Array.from({ length: kPictures }, (_, i) => join(folder, `picture${i}.png`))
pictures.forEach((file) => writeFileSync(file, greyPng(kSide, kSide, squares())))
const clients = pictures.map((_, i) => new Client(i + 1))
let passed = 0
let failed = 0
function report(what, wrong) {
  if (wrong.length === 0) return ++passed
  ++failed
  console.log(`FAILED ${what}: ${wrong.join('; ')}`)
}

async function round(number) {
  const served = await Served.start(program, [...pictures, '--project', project])
  try {
    for (const client of clients) {
      await served.json(`/api/images/${client.image}`)
      if (number === 0 && client.image === 1) await served.post('/api/labels', { kind: 'add_label', name: 'thing' })
      report(`round ${number}, image ${client.image}, what was acknowledged`, await client.check(served))
      report(`round ${number}, image ${client.image}, undo and redo`, await client.checkUndo(served))
    }
    const work = clients.map((client) => client.work(served))
    await new Promise((resolve) => setTimeout(resolve, random(kMaxRoundMs)))
    await served.stop('SIGKILL')
    report(
      `round ${number}, actions`,
      (await Promise.all(work)).filter((refused) => refused !== null),
    )
  } finally {
    await served.stop('SIGKILL')
  }
}

try {
  let rounds = 0
  for (; rounds < kKills && failed === 0; ++rounds) await round(rounds)
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0)
  const temporary = readdirSync(join(project, 'masks')).length
  console.log(`${rounds} kills, ${acknowledged} acknowledged actions, ${temporary} mask files`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
