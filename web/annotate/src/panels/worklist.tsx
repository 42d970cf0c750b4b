// SPDX-License-Identifier: Apache-2.0
import { memo, useEffect, useMemo, useRef } from 'react'
import { useSession, useSessionState } from '../state/react'
import type { Summary } from '../wire/types'
import { countOf } from '../words'
import { IconButton } from './controls'
import { duration, matches, type ImageFilter } from './describe'
import { backToPicture } from './focus'
import { ClockIcon, DoneIcon, NewIcon, PreviousIcon, SearchIcon, StartedIcon, WarningIcon } from '../icons'
import { useUi, useUiState } from './ui'
import { moveFocus } from './use_roving'

const noImages: readonly Summary[] = []
const statusIcons = { new: NewIcon, started: StartedIcon, done: DoneIcon }
const filters: readonly ImageFilter[] = ['all', 'new', 'started', 'done']

export function Worklist() {
  const ui = useUi()
  const images = useSessionState(({ project }) => project?.images ?? noImages)
  const search = useUiState((state) => state.search)
  const filter = useUiState((state) => state.filter)
  const current = useSessionState((state) => state.image)
  const shown = useMemo(
    () => images.filter((image) => matches(image, search, filter)),
    [images, search, filter],
  )
  const unreadable = images.filter(({ fault }) => fault !== null).length
  const done = images.filter(({ status }) => status === 'done').length
  return (
    <aside className="worklist" aria-label="Images">
      <header className="panel-head">
        <h2>Images</h2>
        <span className="muted tabular">
          {done} of {images.length} done
        </span>
        <IconButton icon={PreviousIcon} label="Hide the list of images" onClick={() => ui.toggle('images')} />
      </header>
      <progress
        className="done-bar"
        max={Math.max(images.length, 1)}
        value={done}
        aria-label="Images that are done"
      />
      <div className="search">
        <SearchIcon />
        <input
          type="search"
          placeholder="Search"
          aria-label="Search images by name"
          value={search}
          onChange={(event) => ui.set({ search: event.target.value })}
          onKeyDown={(event) => event.key === 'Enter' && backToPicture()}
        />
      </div>
      <div className="segments" role="group" aria-label="Show images">
        {filters.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={filter === one}
            onClick={() => ui.set({ filter: one })}
          >
            {one === 'all' ? 'All' : one.charAt(0).toUpperCase() + one.slice(1)}
          </button>
        ))}
      </div>
      {(unreadable > 0 || filter === 'unreadable') && (
        <div className="segments" role="group" aria-label="Show images that cannot be opened">
          <button
            type="button"
            aria-pressed={filter === 'unreadable'}
            title="Images that could not be opened"
            onClick={() => ui.set({ filter: filter === 'unreadable' ? 'all' : 'unreadable' })}
          >
            <WarningIcon />
            {unreadable} unreadable
          </button>
        </div>
      )}
      <ul
        className="images"
        aria-label="List of images"
        onKeyDown={(event) => moveFocus(event, '.image-open')}
      >
        {shown.map((image) => (
          <ImageRow key={image.id} image={image} current={image.id === current} />
        ))}
      </ul>
      {shown.length === 0 && images.length > 0 && <p className="empty">No image matches.</p>}
    </aside>
  )
}

const ImageRow = memo(function ImageRow({ image, current }: { image: Summary; current: boolean }) {
  const session = useSession()
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (current) row.current?.scrollIntoView({ block: 'nearest' })
  }, [current])
  const StatusIcon = statusIcons[image.status]
  return (
    <li ref={row} className={`image ${image.status} ${current ? 'current' : ''}`}>
      <button
        type="button"
        className="image-open"
        aria-current={current}
        title={image.fault ?? `${image.path}\n${duration(image.active_ms)} spent on it`}
        onClick={() => void session.openImage(image.id)}
      >
        <span className="image-name">{image.name}</span>
        <span className="image-facts">
          {image.fault === null ? (
            <Facts image={image} />
          ) : (
            <span className="fault">
              <WarningIcon />
              {faultOf(image)}
            </span>
          )}
        </span>
      </button>
      <button
        type="button"
        className="image-status"
        aria-pressed={image.status === 'done'}
        aria-label={`${image.name} is done`}
        title={image.status === 'done' ? 'Done: click to reopen' : 'Mark as done'}
        onClick={() => void session.setDone(image.id, image.status === 'done' ? 'reopened' : 'done')}
      >
        <StatusIcon />
      </button>
    </li>
  )
})

// Messages of files begin with their name or path, which stands above.
function faultOf({ name, path, fault }: Summary): string {
  const text = fault ?? ''
  const start = [name, path].find((one) => text.startsWith(`${one}: `))
  return start === undefined ? text : text.slice(start.length + 2)
}

function Facts({ image }: { image: Summary }) {
  const words = { new: 'New', started: 'Started', done: 'Done' }
  return (
    <>
      <span className="image-words">
        {words[image.status]}
        {image.approved > 0 && ` · ${countOf(image.approved, 'object')}`}
        {image.proposed > 0 && image.approved === 0 && ` · ${image.proposed} proposed`}
        {image.proposed > 0 && image.approved > 0 && (
          <span title={countOf(image.proposed, 'proposal')} aria-label={countOf(image.proposed, 'proposal')}>
            {` +${image.proposed}`}
          </span>
        )}
      </span>
      {image.notice !== null && (
        <span className="fault" title={image.notice} aria-label={image.notice}>
          <WarningIcon />
          File changed
        </span>
      )}
      {image.active_ms >= 1000 && (
        <span className="time" title="Time spent on it">
          <ClockIcon />
          {duration(image.active_ms)}
        </span>
      )}
    </>
  )
}
