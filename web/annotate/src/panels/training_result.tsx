// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import type { Training } from '../wire/types'
import { guardText } from './guard_text'

const two = (value: number) => value.toFixed(2)

interface TrainingResultProps {
  training: Training
  inUse: boolean
  onClose: () => void
}

// What a training has brought, and what can be done with it.
export function TrainingResult({ training, inUse, onClose }: TrainingResultProps) {
  const session = useSession()
  const opened = useSessionState((state) => state.opened !== null)
  return (
    <div className="training-result">
      {training.test.length > 0 && <TestTable training={training} />}
      <ul className="guards">
        {training.guards.map((guard) => (
          <li key={guard.name} className={guard.passed ? 'passed' : 'failed'} title={guard.name}>
            {guardText(guard)}
          </li>
        ))}
      </ul>
      {training.notes.length > 0 && (
        <ul className="muted">
          {training.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <div className="modal-actions">
        {training.report && (
          <a href={`/api/training/${training.training}/report`} target="_blank" rel="noreferrer">
            Report
          </a>
        )}
        <span className="grow" />
        <button
          type="button"
          disabled={!opened}
          onClick={() => {
            session.trainings.compare(training.training)
            onClose()
          }}
        >
          Compare on this image
        </button>
        {inUse ? (
          <button type="button" onClick={() => void session.trainings.choose(null)}>
            Use the old weights again
          </button>
        ) : (
          <button
            type="button"
            className="primary"
            onClick={() => void session.trainings.choose(training.training)}
          >
            Use these weights
          </button>
        )}
      </div>
    </div>
  )
}

function TestTable({ training }: { training: Training }) {
  return (
    <table>
      <caption>Mean IoU on images that were not trained on</caption>
      <thead>
        <tr>
          <th scope="col">Prompt</th>
          <th scope="col">Objects</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">95 % interval</th>
        </tr>
      </thead>
      <tbody>
        {training.test.map(({ prompt, n, before, after, low, high }) => (
          <tr key={prompt}>
            <th scope="row">{prompt}</th>
            <td>{n}</td>
            <td>{two(before)}</td>
            <td className={after > before ? 'better' : after < before ? 'worse' : ''}>{two(after)}</td>
            <td>
              {two(low)} – {two(high)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
