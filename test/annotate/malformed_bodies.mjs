// SPDX-License-Identifier: Apache-2.0
// Bodies that `sonde annotate` must refuse, each in the POST that post(target, body, ...headers) makes of it: the shape
// of malformed_cases.mjs.

const many = (count, text) => text.repeat(count)

export function malformedBodies(post) {
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
  add(
    'bytes that are not UTF-8',
    label(
      Buffer.concat([Buffer.from('{"kind": "add_label", "name": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ),
    400,
  )
  add(
    'UTF-8 that is too long',
    label(
      Buffer.concat([Buffer.from('{"kind": "add_label", "name": "'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ),
    400,
  )
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
  const action = (fields, view = plane, id = `malformed-${request++}`, client = 'malformed-page') =>
    post('/api/images/1/actions', JSON.stringify({ request: id, client, view, action: fields }))
  const add = (name, bytes, want) => cases.push({ group: 'actions', name, bytes, want: [want].flat(), token: true })
  const stroke = { kind: 'stroke', plane, object: null, label: 1, paint: 'add', radii: [3, 3], points: [[5, 5]] }
  const ask = { kind: 'ask', plane, window: 'auto', points: [{ x: 5, y: 5, label: 1 }], box: null }
  add('a request id with a slash', action(stroke, plane, '../../../x'), 400)
  add('a request id that is short', action(stroke, plane, 'x'), 400)
  add('a client with a slash', action(stroke, plane, undefined, '../../../x'), 400)
  add('a client that is a number', action(stroke, plane, undefined, 7), 400)
  add('an axis that is not there', action({ ...stroke, plane: { axis: 'oblique', slice: 0 } }), 400)
  add('a view that is not there', action(stroke, { axis: 'axial', slice: 1 }), 422)
  add('a slice that is not there', action({ ...stroke, plane: { axis: 'axial', slice: 9 } }), 422)
  add('a stroke without points', action({ ...stroke, points: [] }), 422)
  add(
    'a stroke of 200,000 points',
    action({ ...stroke, points: Array.from({ length: 200000 }, (_, i) => [i % 9, 1]) }),
    422,
  )
  add('a radius of 0', action({ ...stroke, radii: [3, 0] }), 422)
  add('a radius of 9999', action({ ...stroke, radii: [9999, 3] }), 422)
  add('a radius of 1e300', action({ ...stroke, radii: [1e300, 3] }), 400)
  add('a point of 1e300', action({ ...stroke, points: [[1e300, 0]] }), 400)
  add('a point of one number', action({ ...stroke, points: [[1]] }), 400)
  add('a point of three numbers', action({ ...stroke, points: [[1, 2, 3]] }), 400)
  add('a point of texts', action({ ...stroke, points: [['1', '2']] }), 400)
  add('paint that is neither', action({ ...stroke, paint: 'xor' }), 400)
  add('an object that is not there', action({ ...stroke, object: 999 }), 409)
  add('an unknown label', action({ ...stroke, label: 999 }), [409, 422])
  add(
    'a lasso of two points',
    action({
      ...stroke,
      kind: 'lasso',
      radii: undefined,
      points: undefined,
      polygon: [
        [1, 1],
        [2, 2],
      ],
    }),
    422,
  )
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
  add(
    'an action on no image',
    post('/api/images/99/actions', JSON.stringify({ request: 'malformed-x', view: plane, action: stroke })),
    404,
  )
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
