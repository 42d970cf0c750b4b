// SPDX-License-Identifier: Apache-2.0
// What the tables of both reports are made of.
import { element, fixed } from './dom'

// A table that comes as its columns, so that a name stands there once. A column may be such a table itself.
export type Columns<Row> = { [Key in keyof Row]: Row[Key] extends object ? Columns<Row[Key]> : Row[Key][] }

export function rowsOf<Row>(columns: Columns<Row>): Row[] {
  const entries = Object.entries<unknown[] | Columns<object>>(columns).map(
    ([name, values]) => [name, Array.isArray(values) ? values : rowsOf<unknown>(values)] as const,
  )
  const length = entries[0]?.[1].length ?? 0
  return Array.from(
    { length },
    (_, i) => Object.fromEntries(entries.map(([name, values]) => [name, values[i]])) as Row,
  )
}

// Of a 95 % interval; a minus sign and a dash do not go together.
export const rangeText = (low: number, high: number, digits: number) =>
  `${fixed(low, digits)}${low < 0 ? ' to ' : '–'}${fixed(high, digits)}`

export function scrolling(table: HTMLTableElement, name: string): HTMLElement {
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, table)
}
