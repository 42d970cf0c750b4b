// SPDX-License-Identifier: Apache-2.0
import type { Bundle, ImageAction } from '../wire/types'
import { countOf, labelName, nameIn } from '../words'
import type { SessionState } from './session_state'

// What the page says of actions.

type Known = Pick<SessionState, 'project' | 'opened' | 'objects'>
type Kind = ImageAction['kind']

interface ActionText<K extends Kind> {
  noun?: string // what undo and redo act on; left out: the kind itself
  // What it has done, where that is more than is seen at a glance.
  done?: (action: Extract<ImageAction, { kind: K }>, bundle: Bundle, before: Known) => string | null
  unchanged?: string // where it has changed nothing
}

const texts: { [K in Kind]?: ActionText<K> } & Record<string, ActionText<never>> = {
  ask: {
    noun: 'prompt',
    done({ class: name, points, box }, { changed }) {
      if (name === undefined || points.length > 0 || box) return null
      const isAbsent = changed.some(({ object_score: score }) => score !== undefined && score < 0)
      return isAbsent ? `${name} is not in this picture, says the model: look before you accept it` : null
    },
  },
  choose: { noun: 'choice of a candidate' },
  accept: {
    noun: 'acceptance',
    done({ objects }, { changed }) {
      const approved = changed.filter(({ state }) => state === 'approved')
      return objects.length > 1 ? `approved ${countOf(approved.length, 'object')}` : null
    },
  },
  delete: {
    noun: 'deletion',
    done({ objects }, _, before) {
      const gone = objects.flatMap((id) => before.objects.get(id) ?? [])
      if (gone.length > 1) return `deleted ${countOf(gone.length, 'object')}`
      return gone[0]?.state === 'approved' ? `deleted ${nameIn(before, gone[0])}` : null
    },
  },
  stroke: { noun: 'brush stroke' },
  label: {
    noun: 'change of label',
    done: ({ label }, { changed }, before) =>
      `relabelled ${countOf(changed.length, 'object')} as ${labelName(before, label)}`,
  },
  name: { noun: 'change of name' },
  lock: { noun: 'locking' },
  unlock: { noun: 'unlocking' },
  merge: {
    done({ objects }, { changed }, before) {
      const into = changed.find(({ id }) => id === objects[0])
      return into ? `merged ${countOf(objects.length, 'object')} into ${nameIn(before, into)}` : null
    },
  },
  split: { unchanged: 'it is in one part' },
  fill_holes: { noun: 'filling of holes', unchanged: 'there is no hole to fill' },
  drop_specks: { noun: 'dropping of specks', unchanged: 'there is no speck to drop' },
  everything: { noun: 'Everything' },
}

export function actionNoun(kind: string): string {
  return texts[kind]?.noun ?? kind.replace(/_/g, ' ')
}

// What to say of an action that has been done; null: nothing. `before`: the state that the answer came to.
export function doneText(action: ImageAction, bundle: Bundle, before: Known): string | null {
  const did = [doneOf(action, bundle, before), takenText(bundle, before)].filter((text) => text !== null)
  return did.length > 0 ? sentenceOf(did.join('; ')) : null
}

function doneOf<K extends Kind>(
  action: Extract<ImageAction, { kind: K }>,
  bundle: Bundle,
  before: Known,
): string | null {
  const text = texts[action.kind] as ActionText<K> | undefined
  if (bundle.changed.length + bundle.removed.length === 0) return text?.unchanged ?? null
  return text?.done?.(action, bundle, before) ?? null
}

// By the rule for overlaps.
function takenText({ taken }: Bundle, { opened }: Known): string | null {
  if (!taken) return null
  const area = `${taken.area.toLocaleString('en')} ${opened?.plain ? 'px' : 'voxels'}`
  const many = `, ${taken.removed.toLocaleString('en')} of them gone`
  const gone = taken.removed === 0 ? '' : taken.objects === 1 ? ', which is gone' : many
  return `takes ${area} from ${countOf(taken.objects, 'object')}${gone}`
}

function sentenceOf(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
