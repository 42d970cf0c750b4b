// SPDX-License-Identifier: Apache-2.0
// Requests that `sonde annotate` must refuse, as bytes. Each: { group, name, bytes, want, token }; want: the
// statuses that are right; token: whether the request carries the right token (without it nothing but an error may
// come back).

import { malformedBodies } from './malformed_bodies.mjs'

const many = (count, text) => text.repeat(count)
const latin1 = (text) => Buffer.from(text, 'latin1')

// server: { host, port, token, image }
export function malformedRequests(server) {
  const { host, port, token } = server
  const bearer = `Authorization: Bearer ${token}`
  const cases = []
  let group = ''
  const add = (name, bytes, want, carries = 'no token') =>
    cases.push({ group, name, bytes, want: [want].flat(), token: carries === 'token' })
  const head = (line, ...headers) => [line, ...headers, '', ''].join('\r\n')
  const get = (target, ...headers) => head(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers)
  const post = (target, body, ...headers) => {
    const content = Buffer.isBuffer(body) ? body : Buffer.from(body)
    const length = `Content-Length: ${content.length}`
    const lines = [`Host: ${host}`, bearer, 'Content-Type: application/json', length, ...headers]
    return Buffer.concat([latin1(head(`POST ${target} HTTP/1.1`, ...lines)), content])
  }

  group = 'not HTTP'
  add('a TLS hello', Buffer.from('160301007a010000760303', 'hex'), 400)
  add('a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400)
  add('HTTP/2.0 in the request line', head('GET / HTTP/2.0', `Host: ${host}`, bearer), 400, 'token')
  add('HTTP/0.9', 'GET /\r\n\r\n', 400)
  add('another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400)
  add('zero bytes', Buffer.alloc(64), 400)
  add('bytes above 127', Buffer.alloc(64, 0xff), 400)
  add('a request line of one word', 'GET\r\n\r\n', 400)
  add('a blank target', head('GET  HTTP/1.1', `Host: ${host}`, bearer), 400, 'token')
  add('a version of letters', head('GET / HTTP/x.y', `Host: ${host}`, bearer), 400, 'token')
  add('lower-case http', head('GET / http/1.1', `Host: ${host}`, bearer), 400, 'token')
  add('a NUL in the method', `G\0T / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400)
  add('a NUL in the target', `GET /\0 HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\n\r\n`, 400, 'token')
  add('a NUL in a header', `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\0b\r\n${bearer}\r\n\r\n`, 400, 'token')
  add(
    'a bare carriage return in a header',
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\rb\r\n${bearer}\r\n\r\n`,
    400,
    'token',
  )
  add('a header without a colon', get('/', 'Nonsense', bearer), 400, 'token')
  add('a header without a name', get('/', ': x', bearer), 400, 'token')
  add('a blank before the colon', get('/', 'X-Y : z', bearer), 400, 'token')
  add('a first header that is folded', `GET / HTTP/1.1\r\n Host: ${host}\r\n${bearer}\r\n\r\n`, 400, 'token')
  add('line feeds alone', `GET /api/project HTTP/1.1\nHost: ${host}\n${bearer}\n\n`, 400, 'token')

  group = 'sizes'
  add('a target of 1 MB', get(`/${many(1e6, 'a')}`, bearer), 431, 'token')
  add('a target of 20 kB', get(`/${many(20000, 'a')}`, bearer), 431, 'token')
  add('a header of 20 kB', get('/', `X: ${many(20000, 'a')}`, bearer), 431, 'token')
  add('2000 headers', get('/', ...many(2000, 'X: aaaaa\n').trim().split('\n'), bearer), 431, 'token')
  add('20 kB of headers without the token', get('/', `X: ${many(20000, 'a')}`), 431)
  add(
    'a body of 4 MiB and one byte, announced',
    head(
      'POST /api/labels HTTP/1.1',
      `Host: ${host}`,
      bearer,
      'Content-Type: application/json',
      'Content-Length: 4194305',
    ),
    413,
    'token',
  )
  add(
    'a body of 2^64 bytes',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 18446744073709551616'),
    [400, 413],
    'token',
  )
  add(
    'a body of 2^63 bytes',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 9223372036854775808'),
    [400, 413],
    'token',
  )
  add(
    'a body of -1 bytes',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: -1'),
    400,
    'token',
  )
  add(
    'a length of +2',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: +2') + '{}',
    400,
    'token',
  )
  add(
    'a length of 0x2',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 0x2') + '{}',
    400,
    'token',
  )
  add(
    'a length of nothing',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length:') + '{}',
    400,
    'token',
  )
  add(
    'a large body without the token',
    head('POST /api/labels HTTP/1.1', `Host: ${host}`, 'Content-Length: 4000000000'),
    401,
  )
  add(
    'chunks of 5 MB',
    Buffer.concat([
      latin1(
        head(
          'POST /api/labels HTTP/1.1',
          `Host: ${host}`,
          bearer,
          'Content-Type: application/json',
          'Transfer-Encoding: chunked',
        ),
      ),
      ...Array.from({ length: 80 }, () => latin1(`10000\r\n${many(65536, ' ')}\r\n`)),
    ]),
    413,
    'token',
  )

  group = 'smuggling'
  const smuggle = (name, want, lines, body) =>
    add(
      name,
      head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Type: application/json', ...lines) + body,
      want,
      'token',
    )
  smuggle(
    'length and chunks',
    400,
    ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    '0\r\n\r\nGET /api/project HTTP/1.1\r\n\r\n',
  )
  smuggle('chunks and length', 400, ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n')
  smuggle('two lengths', 400, ['Content-Length: 2', 'Content-Length: 3'], '{} ')
  smuggle('two lengths in one header', 400, ['Content-Length: 2, 3'], '{} ')
  smuggle('an unknown encoding', [400, 501], ['Transfer-Encoding: gzip'], '{}')
  smuggle('chunked before another encoding', [400, 501], ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n')
  smuggle('chunked twice', 400, ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')
  smuggle('an encoding with a tab in its name', [400, 501], ['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n')
  smuggle('a chunk size that is not a number', 400, ['Transfer-Encoding: chunked'], 'xyz\r\n{}\r\n0\r\n\r\n')
  smuggle('a chunk size beyond 64 bits', 400, ['Transfer-Encoding: chunked'], 'fffffffffffffffff\r\n{}')
  smuggle('a chunk of -1', 400, ['Transfer-Encoding: chunked'], '-1\r\n{}\r\n0\r\n\r\n')
  smuggle('a chunk longer than it says', 400, ['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n')
  smuggle('300 kB of chunk extension', 400, ['Transfer-Encoding: chunked'], `1;${many(300000, 'a')}`)
  smuggle('20 kB of trailer', [400, 431], ['Transfer-Encoding: chunked'], `0\r\nX: ${many(300000, 'a')}\r\n\r\n`)
  smuggle('a trailer without a colon', 400, ['Transfer-Encoding: chunked'], '0\r\nnonsense\r\n\r\n')

  group = 'without the token'
  const bare = [
    '/',
    '/api/project',
    '/api/changes?since=0',
    '/api/images/1',
    '/api/images/1/picture?axis=axial&slice=0',
    '/assets/',
    '/nowhere',
    '/?token=',
    '/?token=0',
    `/api/project?token=${token}`,
    '/favicon.ico',
  ]
  for (const target of bare) add(`GET ${target.replace(token, 'TOKEN')}`, get(target), 401)
  add(
    'POST of an action',
    head('POST /api/images/1/actions HTTP/1.1', `Host: ${host}`, 'Content-Length: 2') + '{}',
    401,
  )
  add('DELETE of a job', head('DELETE /api/jobs/1 HTTP/1.1', `Host: ${host}`), 401)
  add(
    'OPTIONS of another site',
    head(
      'OPTIONS /api/project HTTP/1.1',
      `Host: ${host}`,
      'Origin: http://evil.example',
      'Access-Control-Request-Method: GET',
    ),
    401,
  )
  const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`
  const authorizations = {
    'a wrong token': `Bearer ${wrong}`,
    'a shorter token': `Bearer ${token.slice(0, -1)}`,
    'a longer token': `Bearer ${token}0`,
    'the token alone': token,
    'an empty token': 'Bearer ',
    'another scheme': `Basic ${token}`,
    'Basic of the token': `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
    'the token in quotes': `Bearer "${token}"`,
    'two schemes': `Bearer Bearer ${token}`,
    'a list': `Bearer ${wrong}, Bearer ${token}`,
    'an asterisk': 'Bearer *',
    'the token in capitals': `Bearer ${token.toUpperCase()}`,
  }
  for (const [name, value] of Object.entries(authorizations)) {
    if (value === `Bearer ${token}`) continue // capitals, of a token of digits
    add(name, get('/api/project', `Authorization: ${value}`), 401)
  }
  add('two headers of which one has the token', get('/api/project', `Authorization: Bearer ${wrong}`, bearer), 401)
  const cookies = {
    'the cookie of another port': `sonde_${port + 1}=${token}`,
    'the cookie of no port': `sonde_=${token}`,
    'a cookie whose name only ends so': `xsonde_${port}=${token}`,
    'an empty cookie': `sonde_${port}=`,
    'a wrong cookie': `sonde_${port}=${wrong}`,
    'a cookie in quotes': `sonde_${port}="${token}"`,
    'a cookie with a blank in its name': `sonde_${port} =${token}`,
    'a cookie within another': `a="; sonde_${port}x=${token}`,
    'a cookie separated by a comma': `a=b,sonde_${port}=${token}`,
  }
  for (const [name, value] of Object.entries(cookies)) add(name, get('/api/project', `Cookie: ${value}`), 401)

  group = 'hosts and origins'
  const hosts = [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
    `localhost.:${port}`,
    `0.0.0.0:${port}`,
    `2130706433:${port}`,
    `127.1:${port}`,
    `user@127.0.0.1:${port}`,
    `127.0.0.1:0${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    '',
  ]
  for (const name of hosts)
    add(`Host: ${name.replace(port, 'PORT')}`, head('GET /api/project HTTP/1.1', `Host: ${name}`, bearer), 403, 'token')
  add('no Host', head('GET /api/project HTTP/1.1', bearer), [400, 403], 'token')
  add(
    'two Hosts',
    head('GET /api/project HTTP/1.1', `Host: ${host}`, 'Host: evil.example', bearer),
    [400, 403],
    'token',
  )
  add('another Host without the token', head('GET /api/project HTTP/1.1', 'Host: evil.example'), [401, 403])
  const origins = [
    'http://evil.example',
    'null',
    `https://${host}`,
    `http://${host}.evil.example`,
    `http://${host}/`,
    `http://127.0.0.1:${port + 1}`,
    '',
    `http://localhost:${port}`,
    'file://',
  ]
  for (const origin of origins)
    add(
      `Origin: ${origin.replaceAll(port, 'PORT')}`,
      post('/api/settings', '{"overlap": "keep"}', `Origin: ${origin}`),
      403,
      'token',
    )
  add('two Origins', get('/api/project', bearer, `Origin: http://${host}`, 'Origin: http://evil.example'), 403, 'token')
  add(
    'the printed address at another host',
    head(`GET /?token=${token} HTTP/1.1`, `Host: evil.example:${port}`),
    403,
    'token',
  )

  group = 'methods and addresses'
  for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'LINK', 'FOO']) {
    add(
      `${method} of the project`,
      head(`${method} /api/project HTTP/1.1`, `Host: ${host}`, bearer),
      [400, 405],
      'token',
    )
  }
  add('CONNECT', head(`CONNECT evil.example:443 HTTP/1.1`, `Host: ${host}`, bearer), [400, 405], 'token')
  add('OPTIONS *', head('OPTIONS * HTTP/1.1', `Host: ${host}`, bearer), [400, 405], 'token')
  add('POST of a page', post('/', '{}'), 405, 'token')
  add('an absolute address', get(`http://${host}/api/project`, bearer), [400, 404], 'token')
  add('an absolute address elsewhere', get('http://evil.example/', bearer), 400, 'token')
  const traversals = [
    '/../../etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/../index.html',
    '/assets/..%2f..%2f..%2fetc%2fpasswd',
    '/assets/..\\..\\etc\\passwd',
    '//etc/passwd',
    '/./api/project',
    '/api//project',
    '/api/project/',
    '/assets/%00',
    '/assets/index%2ehtml',
    '/API/project',
    '/api/images/1%2fmasks',
    '/sonde.sqlite',
    '/masks/',
    '/assets/;/etc/passwd',
    '/%c0%ae%c0%ae/etc/passwd',
    '/file:///etc/passwd',
    '/api/images/..',
    '/api/project#x',
  ]
  for (const target of traversals) add(`GET ${target}`, get(target, bearer), [400, 404], 'token')
  const ids = ['0', '-1', '1.0', '1e0', '01x', '9007199254740993', '99999999999999999999', 'NaN', '%31', '1;2', '+1']
  for (const id of ids) add(`image ${id}`, get(`/api/images/${id}`, bearer), [400, 404], 'token')
  const queries = [
    '',
    '?axis=axial',
    '?axis=axial&slice=0&slice=1',
    '?axis=axial&slice=-1',
    '?axis=axial&slice=0&x=1',
    '?axis=oblique&slice=0',
    '?axis=axial&slice=1',
    '?axis=axial&slice=99999999999999999999',
    '?axis=axial&slice=%',
    '?axis=axial&slice=%0',
    '?axis=axial&slice=%00',
    '?axis=axial&slice=0x0',
    '?axis=AXIAL&slice=0',
    '?=&=',
    '?axis[]=axial&slice=0',
    '?axis=axial&slice= 0',
  ]
  for (const query of queries)
    add(`picture${query}`, get(`/api/images/1/picture${query}`, bearer), [400, 404, 422], 'token')
  add('changes since tomorrow', get('/api/changes?since=tomorrow', bearer), 400, 'token')
  add('changes since never', get('/api/changes', bearer), 400, 'token')
  add('a history of -1', get('/api/images/1/history?limit=-1', bearer), 400, 'token')
  add('a job that is not there', get('/api/jobs/99999', bearer), 404, 'token')
  add('a preview of a job that is not there', get('/api/jobs/99999/preview', bearer), 404, 'token')

  cases.push(...malformedBodies(post))
  return cases
}
