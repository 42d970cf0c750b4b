// SPDX-License-Identifier: Apache-2.0
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Session } from './session'
import type { SessionState } from './session_state'
import type { Limits } from '../wire/types'

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('SessionContext is missing')
  return session
}

// `select` gives parts of the state as they are, nothing made on the way.
export function useSessionState<T>(select: (state: SessionState) => T): T {
  const session = useSession()
  return useSyncExternalStore(session.subscribe, () => select(session.getState()))
}

// What the project takes; empty until it has been read.
export function useLimits(): Partial<Limits> {
  return useSessionState(({ project }) => project?.limits) ?? {}
}
