// SPDX-License-Identifier: Apache-2.0
import type { Session } from '../state/session'

const tickMs = 1000

// Starts the session and tells it what happens to the page. The address names the image in view ("#3"), so that a reload
// comes back to it.
export function followPage(session: Session): void {
  const { time } = session
  for (const kind of ['pointerdown', 'pointermove', 'wheel', 'keydown'])
    window.addEventListener(kind, () => time.noteInput(), { passive: true, capture: true })
  setInterval(() => time.tick(), tickMs)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') time.leave()
    else {
      time.tick()
      session.poller.look()
    }
  })
  window.addEventListener('pagehide', () => time.leave())
  window.addEventListener('beforeunload', (event) => {
    if (session.unsaved > 0) event.preventDefault()
  })
  session.subscribe(() => {
    const { image, opened } = session.getState()
    if (image !== null && location.hash !== `#${image}`) history.replaceState(null, '', `#${image}`)
    const title = opened ? `${opened.image.name} – sonde` : 'sonde annotate'
    if (document.title !== title) document.title = title
  })
  const asked = Number(location.hash.slice(1))
  void session.start(Number.isInteger(asked) && asked > 0 ? asked : null)
}
