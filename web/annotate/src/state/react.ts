// SPDX-License-Identifier: Apache-2.0
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Session, SessionActions, SessionState } from '../session'

export const SessionContext = createContext<Session | null>(null)

export function useTheSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('SessionContext is missing')
  return session
}

// `select` gives parts of the state as they are, nothing made on the way.
export function useSession<T>(select: (state: SessionState) => T): T {
  const session = useTheSession()
  return useSyncExternalStore(session.subscribe, () => select(session.getState()))
}

export function useActions(): SessionActions {
  return useTheSession().actions
}
