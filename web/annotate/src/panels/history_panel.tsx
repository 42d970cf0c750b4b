// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import type { HistoryEvent } from '../wire/types'
import { Panel } from './controls'

export function HistoryPanel() {
  const session = useSession()
  const history = useSessionState((state) => state.history)
  const opened = useSessionState((state) => state.opened !== null)
  return (
    <Panel
      name="history"
      title="History"
      open={history !== null}
      disabled={!opened}
      onToggle={() => session.history.show(history === null ? 'shown' : 'hidden')}
    >
      <ol className="events" aria-label="Changes of this image, newest first" tabIndex={0}>
        {history?.map((event) => (
          <Event key={event.id} event={event} />
        ))}
        {history?.length === 0 && <li className="empty">Nothing has happened on this image.</li>}
      </ol>
    </Panel>
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
