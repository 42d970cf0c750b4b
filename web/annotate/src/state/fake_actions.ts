// SPDX-License-Identifier: Apache-2.0
import type { ImageAction, ImageObject } from '../wire/types'
import type { Box, Stored } from './fake_bundle'

export class Conflict extends Error {}

export const blank: ImageObject = {
  id: 0,
  state: 'approved',
  locked: false,
  label: null,
  name: '',
  source: 'prompt',
  area: 0,
  revision: 0,
  bounds: { axial: [0, 119] },
  plane: null,
  target: null,
  candidates: [],
  chosen: null,
  prompt: null,
}

// Does `action` to `next`. Throws Conflict.
export function change(
  next: Map<number, Stored>,
  action: ImageAction,
  revision: number,
  newId: () => number,
): void {
  const edit = (id: number, change: Partial<ImageObject>, box?: Box) => {
    const stored = next.get(id)
    if (!stored) throw new Conflict(`object ${id} is gone`)
    if (stored.object.locked && change.locked === undefined) throw new Conflict(`object ${id} is locked`)
    next.set(id, { object: { ...stored.object, ...change, revision }, box: box ?? stored.box })
  }
  const make = (object: Partial<ImageObject>, box: Box) => {
    const id = newId()
    next.set(id, { object: { ...blank, ...object, id, revision }, box })
  }
  switch (action.kind) {
    case 'ask': {
      const { plane, points, box, window, target } = action
      const at = points[0] ?? { x: (box![0] + box![2]) / 2, y: (box![1] + box![3]) / 2 }
      const grown = 40 + 6 * points.length
      const shape = {
        x0: Math.max(0, Math.round(at.x - grown)),
        y0: Math.max(0, Math.round(at.y - grown)),
        width: 2 * grown,
        height: grown,
      }
      const asked = {
        plane,
        target,
        candidates: candidates(shape),
        chosen: 1,
        prompt: { points, box, window },
        area: shape.width * shape.height,
      }
      if (action.proposal === null) make({ ...asked, state: 'proposed' }, shape)
      else edit(action.proposal, asked, shape)
      return
    }
    case 'choose':
      return edit(action.proposal, { chosen: action.candidate })
    case 'accept':
      for (const id of action.objects)
        edit(id, {
          state: 'approved',
          label: action.label,
          plane: null,
          prompt: null,
          candidates: [],
          chosen: null,
          target: null,
        })
      return
    case 'delete':
      for (const id of action.objects) edit(id, {})
      for (const id of action.objects) next.delete(id)
      return
    case 'stroke':
    case 'lasso': {
      const [x, y] = (action.kind === 'stroke' ? action.points : action.polygon)[0]!
      const shape = {
        x0: Math.max(0, Math.round(x) - 12),
        y0: Math.max(0, Math.round(y) - 12),
        width: 25,
        height: 25,
      }
      if (action.object === null) make({ label: action.label, source: 'brush', area: 625 }, shape)
      else edit(action.object, { area: (next.get(action.object)?.object.area ?? 0) + 10 })
      return
    }
    case 'label':
      for (const id of action.objects) edit(id, { label: action.label })
      return
    case 'name':
      return edit(action.object, { name: action.name })
    case 'lock':
    case 'unlock':
      for (const id of action.objects) edit(id, { locked: action.kind === 'lock' })
      return
    case 'merge':
      edit(action.objects[0]!, { area: 4000 })
      for (const id of action.objects.slice(1)) next.delete(id)
      return
    case 'split':
      edit(action.object, { area: 500 })
      make({ label: 1, source: 'split', area: 200 }, { x0: 10, y0: 10, width: 20, height: 10 })
      return
    case 'fill_holes':
    case 'drop_specks':
      for (const id of action.objects) edit(id, {})
  }
}

function candidates({ width, height }: Box) {
  return [0.71, 0.93, 0.88].map((predicted_iou, at) => ({
    predicted_iou,
    stability: 0.9,
    area: width * height + at,
  }))
}
