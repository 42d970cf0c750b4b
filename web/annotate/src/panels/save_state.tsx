// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import type { SaveState as SaveStateOfSession } from '../state/session_state'
import { useSessionState } from '../state/react'
import { CheckIcon, WarningIcon } from '../icons'

const quickMs = 300 // a change that is kept sooner needs no "Saving"

export function SaveState() {
  const save = useSessionState((state) => state.save)
  const saving = useSlow(save.state === 'saving')
  const state = save.state === 'saving' && !saving ? 'saved' : save.state
  const texts = { saved: 'Saved', saving: 'Saving …', offline: save.message, refused: 'Refused' }
  return (
    <span className={`save ${state}`} role="status" title={titleOf(save)}>
      {state === 'saved' && <CheckIcon />}
      {state === 'saving' && <span className="spinner" />}
      {(state === 'offline' || state === 'refused') && <WarningIcon />}
      <span className="save-text">{texts[state]}</span>
    </span>
  )
}

function titleOf({ state, message }: SaveStateOfSession): string {
  if (state === 'offline')
    return `${message}. If sonde annotate was started again and printed another address, open that one`
  return message || 'Every change is saved as you make it'
}

function useSlow(on: boolean): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!on) return setSlow(false)
    const timer = setTimeout(() => setSlow(true), quickMs)
    return () => clearTimeout(timer)
  }, [on])
  return slow
}
