// SPDX-License-Identifier: Apache-2.0
import { isUnderWay } from '../state/jobs'
import { useSessionState } from '../state/react'
import type { Summary } from '../wire/types'
import { CommandButton } from './command_button'
import { IconButton } from './controls'
import { duration } from './describe'
import { ClockIcon, InfoIcon, LeftPanelIcon, RightPanelIcon } from '../icons'
import { SaveState } from './save_state'
import { useUi, useUiState } from './ui'

export function TopBar() {
  const ui = useUi()
  const project = useSessionState((state) => state.project)
  const image = useSessionState((state) => state.image)
  const images = useUiState(({ collapsed }) => !collapsed.has('images'))
  const side = useUiState(({ collapsed }) => !collapsed.has('side'))
  const summary = project?.images.find(({ id }) => id === image)
  return (
    <header className="top-bar">
      <IconButton
        icon={LeftPanelIcon}
        label="List of images"
        pressed={images}
        onClick={() => ui.toggle('images')}
      />
      <h1>
        <span className="brand">sonde</span>
        {project && <span className="project-name">{project.name}</span>}
      </h1>
      {project && summary && <CurrentImage summary={summary} count={project.images.length} />}
      <span className="grow" />
      <Embedding />
      <SaveState />
      <Train />
      <CommandButton id="export">Export</CommandButton>
      <IconButton icon={InfoIcon} label="Project and model" onClick={() => ui.set({ dialog: 'about' })} />
      <CommandButton id="help" />
      <IconButton
        icon={RightPanelIcon}
        label="Labels and objects"
        pressed={side}
        onClick={() => ui.toggle('side')}
      />
    </header>
  )
}

function CurrentImage({ summary, count }: { summary: Summary; count: number }) {
  const position = useSessionState(
    ({ project }) => project?.images.findIndex(({ id }) => id === summary.id) ?? 0,
  )
  return (
    <nav className="current-image" aria-label="Image in view">
      <CommandButton id="previous_image" />
      <span className="current-name" title={summary.path}>
        {summary.name}
      </span>
      <span className="muted tabular">
        {position + 1} / {count}
      </span>
      <CommandButton id="next_image" />
      <CommandButton id="done" className="done-button">
        {summary.status === 'done' ? 'Done' : 'Mark done'}
      </CommandButton>
      {summary.active_ms >= 1000 && (
        <span className="time muted tabular" title="Time spent on this image">
          <ClockIcon />
          {duration(summary.active_ms)}
        </span>
      )}
    </nav>
  )
}

function Train() {
  const job = useSessionState((state) => state.training)
  const share = job && isUnderWay(job) ? Math.floor((100 * job.done) / Math.max(job.total, 1)) : null
  const isStepping = job?.message.startsWith('step') ?? false
  return (
    <CommandButton id="train">
      {share === null ? 'Train' : `Training ${isStepping ? `${share} %` : '…'}`}
    </CommandButton>
  )
}

// Whose answers the prompts get, and whether the network has seen the picture: clicks before that wait for it.
function Embedding() {
  const opened = useSessionState((state) => state.opened !== null)
  const connected = useSessionState((state) => state.connection === 'there')
  const embedding = useSessionState((state) => state.embedding)
  const message = useSessionState((state) => state.embeddingMessage)
  const model = useSessionState(({ project }) => project?.model)
  const texts = { ready: 'Ready', queued: 'Preparing …', encoding: 'Preparing …', failed: 'Not prepared' }
  const titles = {
    ready: 'The picture is encoded: prompts are answered at once',
    queued: 'The picture waits to be encoded: prompts wait for it',
    encoding: 'The picture is being encoded: prompts wait for it',
    failed: message,
  }
  if (!opened) return null
  if (!connected)
    return (
      <span className="embedding failed" role="status" title="Prompts wait until the server is back">
        <span className="dot" />
        Not connected
      </span>
    )
  return (
    <span className={`embedding ${embedding}`} role="status" title={titles[embedding]}>
      <span className="dot" />
      {texts[embedding]}
      {model && (
        <span
          className="model-name"
          title={`Prompts are answered by ${model.name} (${model.sha256.slice(0, 12)})`}
        >
          {shortName(model.name)}
        </span>
      )}
    </span>
  )
}

// Of a file its name alone.
function shortName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}
