// SPDX-License-Identifier: Apache-2.0
// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import { LongList } from './long_list'
import { usePlace } from './rendered.testing'

const place = usePlace()

function rowsOf(count: number, needed: number): number[] {
  const items = Array.from({ length: count }, (_, i) => i)
  place.render(
    <ul>
      <LongList
        items={items}
        isNeeded={(item) => item === needed}
        row={(item, at) => (
          <li key={item} role="option">
            {at}
          </li>
        )}
      />
    </ul>,
  )
  return [...place.element().querySelectorAll('[role=option]')].map((row) => Number(row.textContent))
}

it('A long list has the rows of its ends and around the one that is needed, a short one all', () => {
  const shown = rowsOf(5000, 2345)
  expect(shown).toHaveLength(300)
  expect(shown).toEqual(expect.arrayContaining([0, 99, 2300, 2345, 2399, 4900, 4999]))
  expect(rowsOf(150, -1)).toHaveLength(150)
})

it('A long list is as long as all its rows', () => {
  rowsOf(5050, -1)
  const lengths = [...place.element().querySelectorAll<HTMLElement>('.chunk')].map((chunk) =>
    Number(chunk.style.getPropertyValue('--rows')),
  )
  expect(lengths.reduce((sum, rows) => sum + rows, 0)).toBe(5050)
})
