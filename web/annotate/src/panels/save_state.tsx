// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import { useSession } from '../state/react'
import { CheckIcon, WarningIcon } from './icons'

const quickMs = 300 // a change that is kept sooner needs no "Saving"

export function SaveState() {
  const save = useSession((state) => state.save)
  const saving = useSlow(save.state === 'saving')
  const state = save.state === 'saving' && !saving ? 'saved' : save.state
  const texts = { saved: 'Saved', saving: 'Saving …', offline: 'Offline, retrying', refused: 'Refused' }
  return (
    <span
      className={`save ${state}`}
      role="status"
      title={save.message || 'Every change is kept as you make it'}
    >
      {state === 'saved' && <CheckIcon />}
      {state === 'saving' && <span className="spinner" />}
      {(state === 'offline' || state === 'refused') && <WarningIcon />}
      {texts[state]}
    </span>
  )
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
