// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import type { Message } from '../state/session_state'
import { useSession, useSessionState } from '../state/react'
import { IconButton } from './controls'
import { CloseIcon, InfoIcon, WarningIcon } from '../icons'

// Unless it is pointed at or has the focus.
export const shownMs = { info: 5000, error: 8000, critical: Infinity }

export function Messages() {
  const messages = useSessionState((state) => state.messages)
  return (
    <div className="messages" role="log" aria-live="polite" aria-label="Messages">
      {messages.map((message) => (
        <Toast key={message.id} message={message} />
      ))}
    </div>
  )
}

function Toast({ message }: { message: Message }) {
  const session = useSession()
  const [pointedAt, setPointedAt] = useState(false)
  const [focused, setFocused] = useState(false)
  const stays = pointedAt || focused || shownMs[message.tone] === Infinity
  useEffect(() => {
    if (stays) return
    const timer = setTimeout(() => session.core.dismiss(message.id), shownMs[message.tone])
    return () => clearTimeout(timer)
  }, [message, session, stays])
  return (
    <div
      className={`message ${message.tone}`}
      onPointerEnter={() => setPointedAt(true)}
      onPointerLeave={() => setPointedAt(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      {message.tone === 'info' ? <InfoIcon /> : <WarningIcon />}
      <span>{message.text}</span>
      {message.undo === 'offered' && (
        <button
          type="button"
          className="small"
          onClick={() => {
            session.core.dismiss(message.id)
            void session.editing.undo()
          }}
        >
          Undo
        </button>
      )}
      <IconButton icon={CloseIcon} label="Dismiss" onClick={() => session.core.dismiss(message.id)} />
    </div>
  )
}
