// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'react'
import type { Message } from '../session'
import { useActions, useSession } from '../state/react'
import { IconButton } from './controls'
import { CloseIcon, InfoIcon, WarningIcon } from './icons'

const shownMs = { info: 5000, error: 12_000 }

export function Messages() {
  const messages = useSession((state) => state.messages)
  return (
    <div className="messages" role="log" aria-live="polite" aria-label="Messages">
      {messages.map((message) => (
        <Toast key={message.id} message={message} />
      ))}
    </div>
  )
}

function Toast({ message }: { message: Message }) {
  const { dismiss } = useActions()
  useEffect(() => {
    const timer = setTimeout(() => dismiss(message.id), shownMs[message.tone])
    return () => clearTimeout(timer)
  }, [message, dismiss])
  return (
    <div className={`message ${message.tone}`}>
      {message.tone === 'error' ? <WarningIcon /> : <InfoIcon />}
      <span>{message.text}</span>
      <IconButton icon={CloseIcon} label="Dismiss" onClick={() => dismiss(message.id)} />
    </div>
  )
}
