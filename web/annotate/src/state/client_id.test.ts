// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { clientId, type ClientIdDependencies } from './client_id'

function storage(): ClientIdDependencies['tab'] {
  const kept = new Map<string, string>()
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }
}

// A browser: pages hold locks until they are closed.
function browserWith() {
  const browser = storage()
  const held = new Set<string>()
  const page = async (tab: ClientIdDependencies['tab']) => {
    const mine: string[] = []
    const hold = (name: string) => {
      const free = !held.has(name)
      if (free) mine.push(name)
      held.add(name)
      return Promise.resolve(free)
    }
    const id = await clientId({ tab, browser, hold })
    return { id, close: () => mine.forEach((name) => held.delete(name)) }
  }
  return page
}

describe('The id of a page', () => {
  it('is that of its tab after a reload, and nobody else’s meanwhile', async () => {
    const page = browserWith()
    const [first, second] = [storage(), storage()]
    const [a, b] = [await page(first), await page(second)]
    expect(a.id).not.toBe(b.id)
    a.close()
    expect((await page(first)).id).toBe(a.id)
  })

  it('of a new tab is that of the last one that was closed', async () => {
    const page = browserWith()
    const yesterday = await page(storage())
    yesterday.close()
    const today = await page(storage())
    expect(today.id).toBe(yesterday.id)
    expect((await page(storage())).id).not.toBe(today.id)
  })

  it('is a new one for a copy of a tab', async () => {
    const page = browserWith()
    const tab = storage()
    const original = await page(tab)
    expect((await page(tab)).id).not.toBe(original.id)
  })

  it('is kept by the tab where there are no locks', async () => {
    const [tab, browser] = [storage(), storage()]
    const id = await clientId({ tab, browser, hold: null })
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(await clientId({ tab, browser, hold: null })).toBe(id)
    expect(await clientId({ tab: storage(), browser, hold: null })).not.toBe(id)
  })
})
