// SPDX-License-Identifier: Apache-2.0
import { newRequestId } from '../wire/client'

const tabKey = 'sonde-client'
const allKey = 'sonde-clients'
const maxKept = 16
const reloadMs = 5000 // a page that is reloaded may still hold its own

export interface ClientIdDependencies {
  tab: Pick<Storage, 'getItem' | 'setItem'>
  browser: Pick<Storage, 'getItem' | 'setItem'>
  // Takes the lock for as long as the page lives; false: another page has it. Null where the browser has none (a page
  // from another machine): then a tab keeps its id and no other takes it up.
  hold: ((name: string, waitMs: number) => Promise<boolean>) | null
}

// Whose actions this page's undo takes back: those of its tab before a reload, else those of the last tab of this browser
// that is gone.
export async function clientId({ tab, browser, hold }: ClientIdDependencies): Promise<string> {
  const own = tab.getItem(tabKey)
  const all = idsIn(browser)
  const known = [...new Set([...(own ? [own] : []), ...(hold ? all : [])])]
  let id: string | null = hold ? null : own
  for (const one of hold ? known : [])
    if (await hold!(`sonde-${one}`, one === own ? reloadMs : 0)) {
      id = one
      break
    }
  if (id === null) {
    id = newRequestId()
    await hold?.(`sonde-${id}`, 0)
  }
  tab.setItem(tabKey, id)
  const kept = [id, ...all.filter((one) => one !== id)].slice(0, maxKept)
  if (hold) browser.setItem(allKey, JSON.stringify(kept))
  return id
}

function idsIn(browser: ClientIdDependencies['browser']): string[] {
  try {
    const kept: unknown = JSON.parse(browser.getItem(allKey) ?? '[]')
    return Array.isArray(kept)
      ? kept.filter((id): id is string => /^[A-Za-z0-9-]{8,64}$/.test(String(id)))
      : []
  } catch {
    return []
  }
}

export function holdLock(locks: LockManager): NonNullable<ClientIdDependencies['hold']> {
  return (name, waitMs) =>
    new Promise((resolve) => {
      const forever = () => {
        resolve(true)
        return new Promise<never>(() => {})
      }
      const how = waitMs > 0 ? { signal: AbortSignal.timeout(waitMs) } : { ifAvailable: true }
      locks.request(name, how, (lock) => (lock ? forever() : resolve(false))).catch(() => resolve(false))
    })
}
