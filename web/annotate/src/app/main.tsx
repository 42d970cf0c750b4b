// SPDX-License-Identifier: Apache-2.0
import { createRoot } from 'react-dom/client'
import { Ui, UiContext } from '../panels/ui'
import { clientId, holdLock } from '../state/client_id'
import { Session } from '../state/session'
import { SessionContext } from '../state/react'
import { Client } from '../wire/client'
import { App } from './app'
import { followPage } from './page_lifecycle'
import './theme.css'
import './layout.css'
import './controls.css'
import './lists.css'
import './dialogs.css'
import './training.css'

// A page from another machine has no locks: it is not a secure context.
const locks = 'locks' in navigator ? holdLock(navigator.locks) : null
const session = new Session({
  client: new Client(),
  identify: () => clientId({ tab: sessionStorage, browser: localStorage, hold: locks }),
  keep: sessionStorage,
  channel: new BroadcastChannel('sonde'),
  isVisible: () => document.visibilityState === 'visible',
  now: () => performance.now(),
})
const ui = new Ui(localStorage)

createRoot(document.getElementById('root')!).render(
  <SessionContext.Provider value={session}>
    <UiContext.Provider value={ui}>
      <App />
    </UiContext.Provider>
  </SessionContext.Provider>,
)
followPage(session)
