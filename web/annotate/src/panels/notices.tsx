// SPDX-License-Identifier: Apache-2.0
import { useSessionState } from '../state/react'
import { WarningIcon } from '../icons'

// In place of the picture: what is in the way of showing it.
export function StageNotice() {
  const project = useSessionState((state) => state.project)
  const opened = useSessionState((state) => state.opened)
  const opening = useSessionState((state) => state.opening)
  const fault = useSessionState((state) => state.fault)
  const connection = useSessionState((state) => state.connection)
  if (connection === 'lockedOut') return <AccessNotice />
  if (fault !== null && !opening)
    return (
      <div className="stage-notice" role="alert">
        <WarningIcon />
        <p>This image cannot be opened.</p>
        <p className="muted">{fault}</p>
      </div>
    )
  if (opened) return null
  if (!project || opening || connection === 'lost')
    return (
      <div className="stage-notice" role="status">
        <span className="spinner" />
        <p>
          {connection === 'lost'
            ? 'The server does not respond: trying again'
            : `Opening the ${project ? 'image' : 'project'}`}
        </p>
      </div>
    )
  return (
    <div className="stage-notice" role="status">
      <p>{project.images.length === 0 ? 'The project has no images yet.' : 'Choose an image.'}</p>
      {project.images.length === 0 && (
        <p className="muted">
          Start <code>sonde annotate</code> with files or folders to add some.
        </p>
      )}
    </div>
  )
}

// Above the picture: what people should know of the image before they go on.
export function ImageNotice() {
  const notice = useSessionState(
    ({ project, opened }) => project?.images.find(({ id }) => id === opened?.image.id)?.notice ?? null,
  )
  if (notice === null) return null
  return (
    <p className="image-notice" role="status">
      <WarningIcon />
      {sentenceOf(notice)}
    </p>
  )
}

const sentenceOf = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function AccessNotice() {
  return (
    <div className="stage-notice cover" role="alert">
      <WarningIcon />
      <p>This page's key is no longer valid.</p>
      <p className="muted">
        Open the address that <code>sonde annotate</code> printed, in another tab of this browser: this one
        then goes on by itself. What is not saved yet waits in it.
      </p>
    </div>
  )
}
