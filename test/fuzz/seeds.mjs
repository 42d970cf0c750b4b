// SPDX-License-Identifier: Apache-2.0
// seeds.mjs DIR: what the fuzzers of annotation begin with, in DIR/request, DIR/wire and DIR/project, made of the
// examples in test/data/wire/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const folder = process.argv[2]
if (!folder) {
  console.error('usage: seeds.mjs DIR')
  process.exit(2)
}
const example = (name) => JSON.parse(readFileSync(new URL(`../data/wire/${name}.json`, import.meta.url)))

let written = 0
function write(target, choice, content) {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content)
  mkdirSync(`${folder}/${target}`, { recursive: true })
  writeFileSync(`${folder}/${target}/${written++}`, Buffer.concat([Buffer.from([choice]), bytes]))
}

const actions = Object.values(example('actions'))
const wire = [actions, [], Object.values(example('label_actions'))]
wire.push([example('settings').request], [example('focus').request], [example('everything').request])
wire.push(example('progress').requests, example('export').requests)
wire.forEach((bodies, choice) => bodies.forEach((body) => write('wire', choice, JSON.stringify(body))))
write('wire', 1, 'pixels of a mask')

const token = '0123456789abcdef0123456789abcdef'
const requests = [
  `GET /api/changes?since=3 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  `GET /?token=${token} HTTP/1.1\r\nHost: localhost:8080\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: [::1]:8080\r\nOrigin: http://[::1]:8080\r\nCookie: a=b; sonde_8080=${token}\r\n\r\n`,
  'POST /api/labels HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}',
  'POST /api/export HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nTrailer: x\r\n\r\n',
  'GET /api/images/1/masks?axis=axial&slice=%37 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
]
requests.forEach((request) => write('request', 7, request))

const extent = (x, y, z) => Buffer.from(new BigUint64Array([x, y, z]).buffer)
write('project', 0, Buffer.from([10, 8, 4, 3, 5, 100, 1, 0x80, 1, 2]))
write('project', 1, Buffer.concat([Buffer.from('SNDVOX1\n'), extent(40n, 30n, 20n), Buffer.from([0, 5, 200, 1, 7])]))
const prompt = { points: [[1, 2, 1]], box: [1, 2, 3, 4], window: 'auto' }
const plane = { axis: 'axial', slice: 2 }
const candidates = [[0.5, 0.5, 3]]
const proposal = { plane, target: null, candidates, chosen: 0, prompt }
const object = { id: 1, image: 1, state: 'proposed', locked: false, label: null, name: '', source: 'prompt' }
write(
  'project',
  2,
  JSON.stringify({
    ...object,
    proposal,
    area: 3,
    asked_at: 3,
    slices: [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
  }),
)
actions.forEach(({ action }) => write('project', 3, JSON.stringify(action)))
console.log(`${written} seeds in ${folder}`)
