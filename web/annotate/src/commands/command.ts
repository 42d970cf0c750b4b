// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'react'
import type { Ui } from '../panels/ui'
import type { Session } from '../state/session'
import type { SessionState } from '../state/session_state'

export interface CommandContext {
  session: Session
  ui: Ui
}

// All that the page knows of a command. To add one: its entry in the file of its group, and <CommandButton id=... /> where
// it has a button.
export interface Command<Id extends string = string> {
  id: Id
  title: string // in the help sheet, and on its button unless `label` says more there
  keys: readonly string[] // as people write them: "Ctrl+Shift+Z"
  where?: 'viewer' // the keys: only while the picture has the focus
  icon?: ComponentType
  label?: (state: SessionState) => string
  pressed?: (state: SessionState) => boolean
  tone?: 'danger'
  // Why it cannot be done now, in words; '': it means nothing now, and its keys are the browser's. null: it can be done.
  missing?: (state: SessionState) => string | null
  run: (context: CommandContext) => void
}
