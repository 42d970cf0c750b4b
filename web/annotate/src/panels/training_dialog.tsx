// SPDX-License-Identifier: Apache-2.0
import { useState, type FormEvent } from 'react'
import { isUnderWay } from '../state/jobs'
import { useSession, useSessionState } from '../state/react'
import type { Training, TrainingList, TrainingPart, TrainingRequest } from '../wire/types'
import { countOf } from '../words'
import { Modal } from './controls'
import { TrainingResult } from './training_result'

const parts: readonly { what: TrainingPart; title: string; about: string }[] = [
  { what: 'lora', title: 'Small additions (LoRA)', about: 'learns most, and keeps boxes as they are' },
  { what: 'decoder', title: 'The whole decoder', about: 'learns more from hundreds of objects' },
  { what: 'quality', title: 'Predicted IoU alone', about: 'masks stay, the choice among them improves' },
]
const usual: TrainingRequest = { what: 'lora', steps: 200, seed: 1 }
const maxSteps = 10_000

function minutes({ seconds_to_begin, seconds_a_step }: TrainingList, steps: number): string {
  const about = (seconds_to_begin + steps * seconds_a_step) / 60
  if (about < 1) return 'less than a minute'
  return about < 100 ? `about ${Math.round(about)} min` : `about ${Math.round(about / 60)} h`
}

export function TrainingDialog({ onClose }: { onClose: () => void }) {
  const list = useSessionState((state) => state.trainings)
  const job = useSessionState((state) => state.training)
  const underWay = job !== null && isUnderWay(job)
  return (
    <Modal title="Train on what is approved" className="training" onClose={onClose}>
      {list && (
        <p>
          {countOf(list.objects, 'approved object')} of {countOf(list.images, 'image')}. The images stay on
          this machine; annotate on while it trains.
        </p>
      )}
      {list?.missing && <p className="notice error">Not yet: {list.missing}.</p>}
      {underWay ? <Progress /> : list && !list.missing && <Start list={list} />}
      {job?.state === 'failed' && <p className="notice error">{job.message}</p>}
      {list && list.trainings.length > 0 && <Earlier trainings={list.trainings} onClose={onClose} />}
    </Modal>
  )
}

function Start({ list }: { list: TrainingList }) {
  const session = useSession()
  const [request, setRequest] = useState(usual)
  const steps = request.steps ?? NaN
  const isComplete = Number.isFinite(steps) && Number.isFinite(request.seed)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isComplete) void session.trainings.start(request)
  }
  return (
    <form className="training-start" onSubmit={submit}>
      <fieldset>
        <legend>What learns</legend>
        {parts.map(({ what, title, about }) => (
          <label key={what} className="choice">
            <input
              type="radio"
              name="what"
              checked={request.what === what}
              onChange={() => setRequest({ ...request, what })}
            />
            <span>
              <strong>{title}</strong>
              <span className="muted">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="training-numbers">
        <label>
          <span>Steps</span>
          <input
            type="number"
            required
            min={1}
            max={maxSteps}
            value={request.steps}
            onChange={(event) => setRequest({ ...request, steps: event.target.valueAsNumber })}
          />
        </label>
        <label title="Another seed draws other pictures to measure on, and other prompts">
          <span>Seed</span>
          <input
            type="number"
            required
            min={0}
            value={request.seed}
            onChange={(event) => setRequest({ ...request, seed: event.target.valueAsNumber })}
          />
        </label>
        <span className="muted grow">{isComplete && `${minutes(list, steps)} on this machine`}</span>
        <button type="submit" className="primary" data-first="" disabled={!isComplete}>
          Train
        </button>
      </div>
    </form>
  )
}

function Progress() {
  const session = useSession()
  const job = useSessionState((state) => state.training)
  if (!job) return null
  return (
    <div className="training-progress" role="status">
      <progress max={Math.max(job.total, 1)} value={job.done} aria-label="Progress of the training" />
      <p className="tabular">
        {job.message || 'starting'}
        {job.message.startsWith('step') || job.total === 0 ? '' : `: ${job.done} of ${job.total}`}
      </p>
      <div className="modal-actions">
        <button type="button" onClick={() => void session.trainings.stop()}>
          Stop
        </button>
      </div>
    </div>
  )
}

interface EarlierProps {
  trainings: readonly Training[]
  onClose: () => void
}

function Earlier({ trainings, onClose }: EarlierProps) {
  const newest = trainings.find(({ state }) => state === 'done')?.training
  return (
    <ol className="trainings" aria-label="Trainings, newest first" tabIndex={0}>
      {trainings.map((training) => (
        <li key={training.training}>
          <One training={training} isNewest={training.training === newest} onClose={onClose} />
        </li>
      ))}
    </ol>
  )
}

interface OneProps {
  training: Training
  isNewest: boolean
  onClose: () => void
}

function One({ training, isNewest, onClose }: OneProps) {
  const session = useSession()
  const busy = useSessionState(({ training: job }) => job !== null && isUnderWay(job))
  const inUse = useSessionState(({ project }) => project?.model.training === training.training)
  const part = parts.find(({ what }) => what === training.what)?.title ?? training.what
  const head = (
    <>
      <strong>Training {training.training}</strong>
      <span className="muted">
        {part}, {countOf(training.steps, 'step')}
      </span>
      {inUse && <span className="in-use">in use</span>}
    </>
  )
  if (training.state === 'done')
    return (
      <details open={isNewest || inUse}>
        <summary>{head}</summary>
        <TrainingResult training={training} inUse={inUse} onClose={onClose} />
      </details>
    )
  return (
    <div className="training-stopped">
      {head}
      <span className="grow" />
      {training.state === 'stopped' && (
        <button
          type="button"
          className="small"
          disabled={busy}
          title="From where it was stopped, with what was approved then"
          onClick={() => void session.trainings.start({ go_on: training.training })}
        >
          Go on
        </button>
      )}
      <span className="muted">{training.state === 'stopped' ? 'stopped' : 'under way'}</span>
    </div>
  )
}
