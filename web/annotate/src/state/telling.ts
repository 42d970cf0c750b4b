// SPDX-License-Identifier: Apache-2.0
import type { SessionState } from './session_state'
import type { Bundle, ImageAction } from '../wire/types'
import { countOf, labelName, nameIn } from '../words'

type Told = Pick<SessionState, 'project' | 'opened' | 'objects'>

// What an action has done, where that is more than is seen at a glance; null: nothing to say. `before`: the state that the
// answer came to.
export function doneText(action: ImageAction, bundle: Bundle, before: Told): string | null {
  const did = [deedText(action, bundle, before), takenText(bundle, before)].filter((text) => text !== null)
  return did.length > 0 ? sentenceOf(did.join('; ')) : null
}

function deedText(action: ImageAction, bundle: Bundle, before: Told): string | null {
  const { changed, removed } = bundle
  if (changed.length + removed.length === 0) return unchanged[action.kind] ?? null
  switch (action.kind) {
    case 'label':
      return `relabelled ${countOf(changed.length, 'object')} as ${labelName(before, action.label)}`
    case 'merge': {
      const into = changed.find(({ id }) => id === action.objects[0])
      return into ? `merged ${countOf(action.objects.length, 'object')} into ${nameIn(before, into)}` : null
    }
    case 'accept': {
      const approved = changed.filter(({ state }) => state === 'approved')
      return action.objects.length > 1 ? `approved ${countOf(approved.length, 'object')}` : null
    }
    case 'delete': {
      const gone = action.objects.flatMap((id) => before.objects.get(id) ?? [])
      if (gone.length > 1) return `deleted ${countOf(gone.length, 'object')}`
      return gone[0]?.state === 'approved' ? `deleted ${nameIn(before, gone[0])}` : null
    }
    default:
      return null
  }
}

const unchanged: Partial<Record<ImageAction['kind'], string>> = {
  fill_holes: 'there is no hole to fill',
  drop_specks: 'there is no speck to drop',
  split: 'it is in one part',
}

// By the rule for overlaps.
function takenText({ taken }: Bundle, { opened }: Told): string | null {
  if (!taken) return null
  const area = `${taken.area.toLocaleString('en')} ${opened?.plain ? 'px' : 'voxels'}`
  const many = `, ${taken.removed.toLocaleString('en')} of them gone`
  const gone = taken.removed === 0 ? '' : taken.objects === 1 ? ', which is gone' : many
  return `takes ${area} from ${countOf(taken.objects, 'object')}${gone}`
}

function sentenceOf(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
