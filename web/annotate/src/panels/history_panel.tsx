// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import type { HistoryEvent } from '../wire/types'
import { DownIcon } from '../icons'

export function HistoryPanel() {
  const session = useSession()
  const history = useSessionState((state) => state.history)
  const opened = useSessionState((state) => state.opened !== null)
  const open = history !== null
  return (
    <section className={`panel history ${open ? 'open' : 'closed'}`} aria-label="History">
      <header className="panel-head">
        <h2>
          <button
            type="button"
            className="fold"
            aria-expanded={open}
            disabled={!opened}
            onClick={() => session.history.show(open ? 'hidden' : 'shown')}
          >
            <DownIcon />
            History
          </button>
        </h2>
      </header>
      {open && (
        <ol className="events" aria-label="Changes of this image, newest first" tabIndex={0}>
          {history.map((event) => (
            <Event key={event.id} event={event} />
          ))}
          {history.length === 0 && <li className="empty">Nothing has happened on this image.</li>}
        </ol>
      )}
    </section>
  )
}

function Event({ event }: { event: HistoryEvent }) {
  const time = new Date(event.time)
  const shown = Number.isNaN(time.getTime())
    ? event.time
    : time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return (
    <li className={event.undone ? 'undone' : ''}>
      <time dateTime={event.time} title={event.time} className="tabular">
        {shown}
      </time>
      <span title={event.summary}>
        {event.summary}
        {event.undone && <span className="unseen"> (undone)</span>}
      </span>
    </li>
  )
}
