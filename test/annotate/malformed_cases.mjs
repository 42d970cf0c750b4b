// SPDX-License-Identifier: Apache-2.0
// Requests that `sonde annotate` must refuse, as bytes. Each: { group, name, bytes, want, token }; want: the
// statuses that are right; token: whether the request carries the right token (without it nothing but an error may
// come back).

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
  add('a bare carriage return in a header', `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\rb\r\n${bearer}\r\n\r\n`, 400, 'token')
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
  add('a body of 4 MiB and one byte, announced', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Type: application/json', 'Content-Length: 4194305'), 413, 'token')
  add('a body of 2^64 bytes', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 18446744073709551616'), [400, 413], 'token')
  add('a body of 2^63 bytes', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 9223372036854775808'), [400, 413], 'token')
  add('a body of -1 bytes', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: -1'), 400, 'token')
  add('a length of +2', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: +2') + '{}', 400, 'token')
  add('a length of 0x2', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length: 0x2') + '{}', 400, 'token')
  add('a length of nothing', head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Length:') + '{}', 400, 'token')
  add('a large body without the token', head('POST /api/labels HTTP/1.1', `Host: ${host}`, 'Content-Length: 4000000000'), 401)
  add('chunks of 5 MB', Buffer.concat([latin1(head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Type: application/json', 'Transfer-Encoding: chunked')), ...Array.from({ length: 80 }, () => latin1(`10000\r\n${many(65536, ' ')}\r\n`))]), 413, 'token')

  group = 'smuggling'
  const smuggle = (name, want, lines, body) => add(name, head('POST /api/labels HTTP/1.1', `Host: ${host}`, bearer, 'Content-Type: application/json', ...lines) + body, want, 'token')
  smuggle('length and chunks', 400, ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\nGET /api/project HTTP/1.1\r\n\r\n')
  smuggle('chunks and length', 400, ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n')
  smuggle('two lengths', 400, ['Content-Length: 2', 'Content-Length: 3'], '{} ')
  smuggle('two lengths in one header', 400, ['Content-Length: 2, 3'], '{} ')
  smuggle('an unknown encoding', [400, 501], ['Transfer-Encoding: gzip'], '{}')
  smuggle('chunked before another encoding', [400, 501], ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n')
  smuggle('chunked twice', 400, ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')
  smuggle('an encoding with a tab in its name', [400, 501], ['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n')
  smuggle('a chunk size that is no number', 400, ['Transfer-Encoding: chunked'], 'xyz\r\n{}\r\n0\r\n\r\n')
  smuggle('a chunk size beyond 64 bits', 400, ['Transfer-Encoding: chunked'], 'fffffffffffffffff\r\n{}')
  smuggle('a chunk of -1', 400, ['Transfer-Encoding: chunked'], '-1\r\n{}\r\n0\r\n\r\n')
  smuggle('a chunk longer than it says', 400, ['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n')
  smuggle('300 kB of chunk extension', 400, ['Transfer-Encoding: chunked'], `1;${many(300000, 'a')}`)
  smuggle('20 kB of trailer', [400, 431], ['Transfer-Encoding: chunked'], `0\r\nX: ${many(300000, 'a')}\r\n\r\n`)
  smuggle('a trailer without a colon', 400, ['Transfer-Encoding: chunked'], '0\r\nnonsense\r\n\r\n')

  group = 'without the token'
  const bare = ['/', '/api/project', '/api/changes?since=0', '/api/images/1', '/api/images/1/picture?axis=axial&slice=0', '/assets/', '/nowhere', '/?token=', '/?token=0', `/api/project?token=${token}`, '/favicon.ico']
  for (const target of bare) add(`GET ${target.replace(token, 'TOKEN')}`, get(target), 401)
  add('POST of an action', head('POST /api/images/1/actions HTTP/1.1', `Host: ${host}`, 'Content-Length: 2') + '{}', 401)
  add('DELETE of a job', head('DELETE /api/jobs/1 HTTP/1.1', `Host: ${host}`), 401)
  add('OPTIONS of another site', head('OPTIONS /api/project HTTP/1.1', `Host: ${host}`, 'Origin: http://evil.example', 'Access-Control-Request-Method: GET'), 401)
  const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`
  const authorizations = {
    'a wrong token': `Bearer ${wrong}`, 'a shorter token': `Bearer ${token.slice(0, -1)}`, 'a longer token': `Bearer ${token}0`,
    'the token alone': token, 'an empty token': 'Bearer ', 'another scheme': `Basic ${token}`, 'Basic of the token': `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
    'the token in quotes': `Bearer "${token}"`, 'two schemes': `Bearer Bearer ${token}`, 'a list': `Bearer ${wrong}, Bearer ${token}`, 'an asterisk': 'Bearer *', 'the token in capitals': `Bearer ${token.toUpperCase()}`,
  }
  for (const [name, value] of Object.entries(authorizations)) {
    if (value === `Bearer ${token}`) continue // capitals, of a token of digits
    add(name, get('/api/project', `Authorization: ${value}`), 401)
  }
  add('two headers of which one has the token', get('/api/project', `Authorization: Bearer ${wrong}`, bearer), 401)
  const cookies = {
    'the cookie of another port': `sonde_${port + 1}=${token}`, 'the cookie of no port': `sonde_=${token}`, 'a cookie whose name only ends so': `xsonde_${port}=${token}`,
    'an empty cookie': `sonde_${port}=`, 'a wrong cookie': `sonde_${port}=${wrong}`, 'a cookie in quotes': `sonde_${port}="${token}"`, 'a cookie with a blank in its name': `sonde_${port} =${token}`,
    'a cookie within another': `a="; sonde_${port}x=${token}`, 'a cookie separated by a comma': `a=b,sonde_${port}=${token}`,
  }
  for (const [name, value] of Object.entries(cookies)) add(name, get('/api/project', `Cookie: ${value}`), 401)

  group = 'hosts and origins'
  const hosts = ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`, `localhost.:${port}`, `0.0.0.0:${port}`, `2130706433:${port}`, `127.1:${port}`, `user@127.0.0.1:${port}`, `127.0.0.1:0${port}`, `[::ffff:127.0.0.1]:${port}`, '']
  for (const name of hosts) add(`Host: ${name.replace(port, 'PORT')}`, head('GET /api/project HTTP/1.1', `Host: ${name}`, bearer), 403, 'token')
  add('no Host', head('GET /api/project HTTP/1.1', bearer), [400, 403], 'token')
  add('two Hosts', head('GET /api/project HTTP/1.1', `Host: ${host}`, 'Host: evil.example', bearer), [400, 403], 'token')
  add('another Host without the token', head('GET /api/project HTTP/1.1', 'Host: evil.example'), [401, 403])
  const origins = ['http://evil.example', 'null', `https://${host}`, `http://${host}.evil.example`, `http://${host}/`, `http://127.0.0.1:${port + 1}`, '', `http://localhost:${port}`, 'file://']
  for (const origin of origins) add(`Origin: ${origin.replaceAll(port, 'PORT')}`, post('/api/settings', '{"overlap": "keep"}', `Origin: ${origin}`), 403, 'token')
  add('two Origins', get('/api/project', bearer, `Origin: http://${host}`, 'Origin: http://evil.example'), 403, 'token')
  add('the printed address at another host', head(`GET /?token=${token} HTTP/1.1`, `Host: evil.example:${port}`), 403, 'token')

  group = 'methods and addresses'
  for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'LINK', 'FOO']) {
    add(`${method} of the project`, head(`${method} /api/project HTTP/1.1`, `Host: ${host}`, bearer), [400, 405], 'token')
  }
  add('CONNECT', head(`CONNECT evil.example:443 HTTP/1.1`, `Host: ${host}`, bearer), [400, 405], 'token')
  add('OPTIONS *', head('OPTIONS * HTTP/1.1', `Host: ${host}`, bearer), [400, 405], 'token')
  add('POST of a page', post('/', '{}'), 405, 'token')
  add('an absolute address', get(`http://${host}/api/project`, bearer), [400, 404], 'token')
  add('an absolute address elsewhere', get('http://evil.example/', bearer), 400, 'token')
  const traversals = ['/../../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/../index.html', '/assets/..%2f..%2f..%2fetc%2fpasswd', '/assets/..\\..\\etc\\passwd', '//etc/passwd', '/./api/project', '/api//project', '/api/project/', '/assets/%00', '/assets/index%2ehtml', '/API/project', '/api/images/1%2fmasks', '/sonde.sqlite', '/masks/', '/assets/;/etc/passwd', '/%c0%ae%c0%ae/etc/passwd', '/file:///etc/passwd', '/api/images/..', '/api/project#x']
  for (const target of traversals) add(`GET ${target}`, get(target, bearer), [400, 404], 'token')
  const ids = ['0', '-1', '1.0', '1e0', '01x', '9007199254740993', '99999999999999999999', 'NaN', '%31', '1;2', '+1']
  for (const id of ids) add(`image ${id}`, get(`/api/images/${id}`, bearer), [400, 404], 'token')
  const queries = ['', '?axis=axial', '?axis=axial&slice=0&slice=1', '?axis=axial&slice=-1', '?axis=axial&slice=0&x=1', '?axis=oblique&slice=0', '?axis=axial&slice=1', '?axis=axial&slice=99999999999999999999', '?axis=axial&slice=%', '?axis=axial&slice=%0', '?axis=axial&slice=%00', '?axis=axial&slice=0x0', '?axis=AXIAL&slice=0', '?=&=', '?axis[]=axial&slice=0', '?axis=axial&slice= 0']
  for (const query of queries) add(`picture${query}`, get(`/api/images/1/picture${query}`, bearer), [400, 404, 422], 'token')
  add('changes since tomorrow', get('/api/changes?since=tomorrow', bearer), 400, 'token')
  add('changes since never', get('/api/changes', bearer), 400, 'token')
  add('a history of -1', get('/api/images/1/history?limit=-1', bearer), 400, 'token')
  add('a job that is not there', get('/api/jobs/99999', bearer), 404, 'token')

  cases.push(...malformedBodies(post))
  return cases
}

function malformedBodies(post) {
  const cases = []
  const add = (name, bytes, want) => cases.push({ group: 'bodies', name, bytes, want: [want].flat(), token: true })
  const label = (body) => post('/api/labels', body)
  add('no body', label(''), 400)
  add('blanks', label('   '), 400)
  add('half of JSON', label('{"kind": "add_label", "name": "x'), 400)
  add('JSON and more', label('{"kind": "add_label", "name": "x"} x'), 400)
  add('two documents', label('{}{}'), 400)
  add('a list', label('[]'), 400)
  add('a number', label('7'), 400)
  add('null', label('null'), 400)
  add('a comment', label('{/* */"kind": "add_label", "name": "x"}'), 400)
  add('a comma too many', label('{"kind": "add_label", "name": "x",}'), 400)
  add('single quotes', label("{'kind': 'add_label', 'name': 'x'}"), 400)
  add('NaN', label('{"kind": "delete_label", "label": NaN}'), 400)
  add('Infinity', label('{"kind": "delete_label", "label": 1e999}'), 400)
  add('a byte order mark', label('\ufeff{"kind": "add_label", "name": ""}'), [400, 422])
  add('UTF-16', label(Buffer.from('{"kind": "add_label", "name": "x"}', 'utf16le')), 400)
  add('bytes that are no UTF-8', label(Buffer.concat([Buffer.from('{"kind": "add_label", "name": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])), 400)
  add('UTF-8 that is too long', label(Buffer.concat([Buffer.from('{"kind": "add_label", "name": "'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])), 400)
  add('half a surrogate', label('{"kind": "add_label", "name": "\\ud800"}'), 400)
  add('a NUL in a text', label('{"kind": "add_label", "name": "a\\u0000b"}'), 422)
  add('a line feed in a text', label('{"kind": "add_label", "name": "a\\nb"}'), 422)
  add('a raw line feed in a text', label('{"kind": "add_label", "name": "a\nb"}'), 400)
  add('an empty name', label('{"kind": "add_label", "name": ""}'), 422)
  add('a name of 5000 bytes', label(`{"kind": "add_label", "name": "${many(5000, 'a')}"}`), 400)
  add('100,000 lists in one another', label(many(100000, '[')), 400)
  add('17 objects in one another', label(`${many(17, '{"a":')}1${many(17, '}')}`), 400)
  add('a field twice', label('{"kind": "add_label", "name": "x", "name": "y"}'), 400)
  add('a field twice, once escaped', label('{"kind": "add_label", "name": "x", "n\\u0061me": "y"}'), 400)
  add('a field too many', label('{"kind": "add_label", "name": "x", "__proto__": {}}'), 400)
  add('an unknown kind', label('{"kind": "drop_table"}'), 400)
  add('a kind of another type', label('{"kind": ["add_label"], "name": "x"}'), 400)
  add('a colour that is none', label('{"kind": "add_label", "name": "x", "colour": "red;}"}'), 422)
  add('an unknown label', label('{"kind": "delete_label", "label": 99}'), [404, 422])
  add('a label of 1.5', label('{"kind": "delete_label", "label": 1.5}'), 400)
  add('a label of -1', label('{"kind": "delete_label", "label": -1}'), 400)
  add('a label of 2^63', label('{"kind": "delete_label", "label": 9223372036854775808}'), 400)
  add('a label of 2^53 + 1', label('{"kind": "delete_label", "label": 9007199254740993}'), 400)
  add('a number of 100,000 digits', label(`{"kind": "delete_label", "label": ${many(100000, '9')}}`), 400)
  add('a text as a number', label('{"kind": "delete_label", "label": "1"}'), 400)
  add('a form', post('/api/labels', 'kind=add_label', 'Content-Type: application/x-www-form-urlencoded'), 415)
  cases.push(...malformedActions(post))
  return cases
}

function malformedActions(post) {
  const cases = []
  const plane = { axis: 'axial', slice: 0 }
  let request = 0
  const action = (fields, view = plane, id = `malformed-${request++}`) =>
    post('/api/images/1/actions', JSON.stringify({ request: id, view, action: fields }))
  const add = (name, bytes, want) => cases.push({ group: 'actions', name, bytes, want: [want].flat(), token: true })
  const stroke = { kind: 'stroke', plane, object: null, label: 1, paint: 'add', radius: 3, points: [[5, 5]] }
  const ask = { kind: 'ask', plane, window: 'auto', points: [{ x: 5, y: 5, label: 1 }], box: null }
  add('a request id with a slash', action(stroke, plane, '../../../x'), 400)
  add('a request id that is short', action(stroke, plane, 'x'), 400)
  add('an axis that is not there', action({ ...stroke, plane: { axis: 'oblique', slice: 0 } }), 400)
  add('a view that is not there', action(stroke, { axis: 'axial', slice: 1 }), 422)
  add('a slice that is not there', action({ ...stroke, plane: { axis: 'axial', slice: 9 } }), 422)
  add('a stroke without points', action({ ...stroke, points: [] }), 422)
  add('a stroke of 200,000 points', action({ ...stroke, points: Array.from({ length: 200000 }, (_, i) => [i % 9, 1]) }), 422)
  add('a radius of 0', action({ ...stroke, radius: 0 }), 422)
  add('a radius of 9999', action({ ...stroke, radius: 9999 }), 422)
  add('a radius of 1e300', action({ ...stroke, radius: 1e300 }), 400)
  add('a point of 1e300', action({ ...stroke, points: [[1e300, 0]] }), 400)
  add('a point of one number', action({ ...stroke, points: [[1]] }), 400)
  add('a point of three numbers', action({ ...stroke, points: [[1, 2, 3]] }), 400)
  add('a point of texts', action({ ...stroke, points: [['1', '2']] }), 400)
  add('paint that is neither', action({ ...stroke, paint: 'xor' }), 400)
  add('an object that is not there', action({ ...stroke, object: 999 }), 409)
  add('an unknown label', action({ ...stroke, label: 999 }), [409, 422])
  add('a lasso of two points', action({ ...stroke, kind: 'lasso', radius: undefined, points: undefined, polygon: [[1, 1], [2, 2]] }), 422)
  add('a lasso with the fields of a stroke', action({ ...stroke, kind: 'lasso' }), 400)
  add('asked for nothing', action({ ...ask, points: [] }), 422)
  add('asked outside the picture', action({ ...ask, points: [{ x: 5000, y: 5, label: 1 }] }), 422)
  add('asked with a label of 2', action({ ...ask, points: [{ x: 5, y: 5, label: 2 }] }), 400)
  add('a box turned round', action({ ...ask, points: [], box: [30, 30, 10, 10] }), 422)
  add('a box of three numbers', action({ ...ask, points: [], box: [1, 2, 3] }), 400)
  add('an unknown window', action({ ...ask, window: '../../etc/passwd' }), 422)
  add('a window of width 0', action({ ...ask, window: '40,0' }), 422)
  add('a proposal that is not there', action({ ...ask, proposal: 999 }), 409)
  add('a candidate that is not there', action({ kind: 'choose', proposal: 999, candidate: 9 }), 409)
  add('accepted without objects', action({ kind: 'accept', objects: [], label: 1 }), 422)
  add('merged without objects', action({ kind: 'merge', objects: [] }), 422)
  add('deleted what is not there', action({ kind: 'delete', objects: [999] }), 409)
  add('an undo of nothing', action({ kind: 'undo' }), 409)
  add('a redo of nothing', action({ kind: 'redo' }), 409)
  add('an undo with a field', action({ kind: 'undo', object: 1 }), 400)
  add('an import over the wire', action({ kind: 'import', from: '/etc/passwd', objects: [] }), 400)
  add('an action on no image', post('/api/images/99/actions', JSON.stringify({ request: 'malformed-x', view: plane, action: stroke })), 404)
  const everything = (fields) => post('/api/images/1/everything', JSON.stringify({ plane, window: 'auto', ...fields }))
  add('a grid of 0', everything({ points_per_side: 0 }), [400, 422])
  add('a grid of 10,000', everything({ points_per_side: 10000 }), [400, 422])
  add('a predicted IoU of 2', everything({ pred_iou: 2 }), [400, 422])
  const progress = (body) => post('/api/images/1/progress', body)
  add('an hour at once', progress('{"active_ms": 3600000}'), 400)
  add('neither time nor done', progress('{}'), 400)
  add('an unknown format', post('/api/export', '{"format": "exe", "each": "labels"}'), 400)
  add('a folder to export to', post('/api/export', '{"format": "png", "each": "labels", "folder": "/etc"}'), 400)
  add('an unknown overlap', post('/api/settings', '{"overlap": "both"}'), 400)
  return cases
}
