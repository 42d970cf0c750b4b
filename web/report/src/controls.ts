// SPDX-License-Identifier: Apache-2.0
// Controls of both reports.
import { byId, element, selectById } from './dom'

export type Entry = [key: string | number, text: string]
export function options(
  id: string,
  entries: Entry[],
  value: string | number,
  change: (value: string) => void,
): void {
  const select = selectById(id)
  select.replaceChildren(...entries.map(([key, text]) => element('option', { value: key }, text)))
  select.value = String(value)
  select.addEventListener('change', () => change(select.value))
}

// One of several, as a row of buttons; a colour is shown as a dot.
export interface Segment {
  name: string
  isChosen: boolean
  colour?: string
}
export function choiceSegments(segments: Segment[], choose: (i: number) => void): void {
  byId('pick-choice').replaceChildren(
    ...segments.map(({ name, isChosen, colour }, i) => {
      const input = element('input', { type: 'radio', name: 'choice', value: i })
      input.checked = isChosen
      input.addEventListener('change', () => choose(i))
      const dot = colour === undefined ? null : element('i')
      dot?.style.setProperty('--dot', colour!)
      return element('label', {}, input, dot, name)
    }),
  )
}
