// SPDX-License-Identifier: Apache-2.0
import type { ButtonHTMLAttributes } from 'react'
import { commandOf, keySign, type CommandId } from '../commands'
import { useSession, useSessionState } from '../state/react'
import { useUi } from './ui'

interface CommandButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'id'> {
  id: CommandId
}

// The button of a command, with its icon, and the children as text beside it. Name, key and condition are the command's.
export function CommandButton({ id, className = '', children, ...others }: CommandButtonProps) {
  const session = useSession()
  const ui = useUi()
  const { title, keys, icon: Icon, label, pressed, missing, tone = 'plain', run } = commandOf(id)
  const name = useSessionState((state) => label?.(state) ?? title)
  const isPressed = useSessionState((state) => pressed?.(state))
  const isMissing = useSessionState((state) => (missing?.(state) ?? null) !== null)
  const key = keys[0]
  return (
    <button
      type="button"
      className={`${children ? 'small' : 'icon-button'} ${tone} ${className}`}
      aria-label={children ? undefined : name}
      aria-pressed={isPressed}
      aria-keyshortcuts={key?.replace('Ctrl', 'Control')}
      title={key ? `${name} (${keySign(key)})` : name}
      disabled={isMissing}
      onClick={() => run({ session, ui })}
      {...others}
    >
      {Icon && <Icon />}
      {children}
    </button>
  )
}
