// SPDX-License-Identifier: Apache-2.0
// malformed.mjs PROGRAM: malformed requests against `sonde annotate`. Each must be refused with the right status and,
// without the token, with nothing but an error; the server answers a good request after each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greyPng, squares } from '../../bench/png.mjs'
import { malformedRequests } from './malformed_cases.mjs'
import { Served } from './served.mjs'

const kPatienceMs = 5000
const kSlowMs = 15000 // more than the server waits for a head or a body
const kConnections = 128

const program = process.argv[2]
if (!program) {
  console.error('usage: malformed.mjs PROGRAM')
  process.exit(2)
}

function parseAnswer(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const lines = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(lines[0])?.[1])
  const length = Number(lines.find((line) => /^content-length:/i.test(line))?.split(':')[1])
  const body = bytes.subarray(end + 4, end + 4 + length)
  return { status, lines, body: body.toString(), isWhole: body.length === length, bytes }
}

// Sends bytes and resolves to the first answer, or to why there is none. keep(socket) may send more, later.
function answerTo(port, bytes, { patience = kPatienceMs, keep } = {}) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const finish = (answer) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => finish({ status: 'no answer' }), patience)
    socket.on('connect', () => {
      socket.write(bytes)
      keep?.(socket)
    })
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      const answer = parseAnswer(received)
      if (answer?.isWhole || (answer && answer.status === 100)) finish(answer)
    })
    socket.on('error', () => {}) // what was read before counts
    socket.on('close', () => finish(parseAnswer(received) ?? { status: 'closed' }))
  })
}

// Everything that an answer must not hold where the token was missing.
function leaks(answer, secrets) {
  if (!answer.bytes) return []
  const found = secrets.filter((secret) => answer.bytes.includes(secret))
  try {
    const { error, ...rest } = JSON.parse(answer.body)
    if (Object.keys(error).join() !== 'kind,message' || Object.keys(rest).length > 0) found.push('more than an error')
  } catch {
    found.push('an answer that is not an error')
  }
  return found
}

class Report {
  passed = 0
  failed = 0
  check(name, complaints) {
    if (complaints.length === 0) return ++this.passed
    ++this.failed
    console.log(`FAILED ${name}: ${complaints.join('; ')}`)
  }
}

async function isAnswered(served) {
  const response = await served.request('/api/project')
  return response.status === 200 && (await response.json()).images.length === 1
}

async function checkRequest(served, secrets, report, request, options) {
  const answer = await answerTo(served.port, request.bytes, options)
  const complaints = []
  if (!request.want.includes(answer.status)) {
    complaints.push(`answered ${answer.status} ${answer.body ?? ''}, not ${request.want.join(' or ')}`.slice(0, 300))
  }
  if (!request.token) complaints.push(...leaks(answer, secrets))
  if (!(await isAnswered(served))) complaints.push('a good request is not answered any more')
  report.check(`${request.group}: ${request.name}`, complaints)
}

// Clients that are slow, each on its own connection, all at once.
function checkSlowClients(served, secrets, report, host) {
  const drip = (text) => (socket) => {
    let at = 0
    const timer = setInterval(() => socket.write(text[at++ % text.length]), 500)
    socket.on('close', () => clearInterval(timer))
  }
  const labels = `POST /api/labels HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${served.token}\r\n`
  const slow = [
    ['a head that never ends', 'GET / HTTP/1.1\r\n', undefined, false],
    ['a head that comes byte by byte', 'GET / HTTP/1.1\r\nX: ', drip('abc'), false],
    ['headers one by one', 'GET / HTTP/1.1\r\n', (socket) => drip(['A: b\r\n'])(socket), false],
    ['a body that never comes', `${labels}Content-Length: 10\r\n\r\n`, undefined, true],
    ['a body that comes byte by byte', `${labels}Content-Length: 4000\r\n\r\n`, drip(' '), true],
    ['chunks that come byte by byte', `${labels}Transfer-Encoding: chunked\r\n\r\n`, drip(['1\r\n \r\n']), true],
  ]
  return Promise.all(
    slow.map(([name, bytes, keep, token]) => {
      const request = { group: 'slow', name, bytes, want: [408], token }
      return checkRequest(served, secrets, report, request, { patience: kSlowMs, keep })
    }),
  )
}

// Connections beyond the limit are turned away, and served again once others have gone.
async function checkCrowd(served, report) {
  const sockets = Array.from({ length: kConnections + 8 }, () => connect(served.port, '127.0.0.1'))
  sockets.forEach((socket) => socket.on('error', () => {}))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('connect', resolve))))
  const { status } = await answerTo(served.port, 'GET / HTTP/1.1\r\n\r\n')
  sockets.forEach((socket) => socket.destroy())
  const complaints = status === 503 ? [] : [`a connection too many was answered ${status}`]
  await new Promise((resolve) => setTimeout(resolve, 500))
  if (!(await isAnswered(served))) complaints.push('no request is answered after a crowd')
  report.check(`crowd: ${sockets.length} connections`, complaints)
}

async function checkEnd(served, report) {
  const { status, signal } = await served.stop()
  const ended = status === 0 && signal === null
  report.check('the end', ended ? [] : [`ended with ${status ?? signal}: ${served.stderr}`])
}

const folder = mkdtempSync(join(tmpdir(), 'sonde-malformed-'))
const picture = join(folder, 'secret-picture.png')
writeFileSync(picture, greyPng(64, 48, squares()))
const report = new Report()
try {
  const served = await Served.start(program, [picture, '--project', join(folder, 'project')])
  const host = `127.0.0.1:${served.port}`
  await served.json('/api/images/1')
  await served.post('/api/labels', { kind: 'add_label', name: 'thing' })
  const secrets = [served.token, folder, 'secret-picture', 'thing']
  const slow = checkSlowClients(served, secrets, report, host)
  for (const request of malformedRequests({ host, port: served.port, token: served.token })) {
    await checkRequest(served, secrets, report, request)
  }
  await slow
  await checkCrowd(served, report)
  await checkEnd(served, report)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${report.passed} passed, ${report.failed} failed`)
process.exitCode = report.failed > 0 ? 1 : 0
