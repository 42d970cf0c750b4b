// SPDX-License-Identifier: Apache-2.0
import type { TrainingGuard } from '../wire/types'

const two = (value: number) => value.toFixed(2)
const change = ({ before, after }: TrainingGuard) => `${two(before)} → ${two(after)}`

interface GuardWords {
  begins: string // the guard's name
  kept: string
  lost: (guard: TrainingGuard) => string
}

// The guards of docs/train.md. The first whose name begins so.
const words: readonly GuardWords[] = [
  {
    begins: 'finite',
    kept: 'Every step had a usable gradient',
    lost: ({ after }) => `${(100 * after).toFixed(0)} % of the steps had no usable gradient`,
  },
  { begins: 'gradient', kept: 'The gradient was checked', lost: () => 'The gradient was not computed right' },
  {
    begins: 'leakage',
    kept: 'No picture was both trained on and measured',
    lost: () => 'Pictures were both trained on and measured',
  },
  {
    begins: 'prompt sensitivity: IoU',
    kept: 'Points on two objects still give two masks',
    lost: (guard) => `Points on two objects give more alike masks (IoU ${change(guard)})`,
  },
  {
    begins: 'prompt sensitivity',
    kept: 'A point beside all objects still selects little',
    lost: (guard) => `A point beside all objects selects more of the picture (${change(guard)})`,
  },
  {
    begins: 'box kept: IoU of jittered',
    kept: 'Loose boxes are answered as well as before',
    lost: (guard) => `Loose boxes are answered worse than before (IoU ${change(guard)})`,
  },
  {
    begins: 'box kept',
    kept: 'Boxes are answered as well as before',
    lost: (guard) => `Boxes are answered worse than before (IoU ${change(guard)})`,
  },
  {
    begins: 'quality honest',
    kept: 'The predicted IoU tells how good a mask is',
    lost: ({ after }) => `The predicted IoU is off by ${two(after)} on average`,
  },
]

export function guardText(guard: TrainingGuard): string {
  const known = words.find(({ begins }) => guard.name.startsWith(begins))
  if (!known) return `${guard.name}: ${change(guard)}`
  return guard.passed ? known.kept : known.lost(guard)
}
