// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../commands'
import { useSession, useSessionState } from '../state/react'
import type { ShownWeights } from '../state/session_state'

const choices: readonly { shown: ShownWeights; title: string }[] = [
  { shown: 'old', title: 'Old' },
  { shown: 'new', title: 'New' },
  { shown: 'both', title: 'Both' },
]

// While the weights of a training are compared with those before it.
export function CompareBar() {
  const session = useSession()
  const comparing = useSessionState((state) => state.comparing)
  const inUse = useSessionState(({ project }) => project?.model.training ?? null)
  if (!comparing) return null
  const { training, shown, masks } = comparing
  return (
    <div className="compare-bar" role="group" aria-label="Comparison of weights">
      <strong>Training {training}</strong>
      <div className="segments" role="radiogroup" aria-label="Whose answer is shown">
        {choices.map(({ shown: one, title }) => (
          <button
            key={one}
            type="button"
            role="radio"
            aria-checked={shown === one}
            title={`${title} (${keyOf('switch_weights')} for the next)`}
            onClick={() => session.trainings.show(one)}
          >
            {one !== 'both' && <span className={`weights-dot ${one}`} />}
            {title}
          </button>
        ))}
      </div>
      <span className="muted hint">
        {masks ? `${keyOf('switch_weights')} switches` : 'Click an object or draw a box: both answer'}
      </span>
      <span className="grow" />
      {inUse !== training && (
        <button
          type="button"
          className="small primary"
          onClick={() => void session.trainings.choose(training)}
        >
          Use the new weights
        </button>
      )}
      <button type="button" className="small" onClick={() => session.trainings.compare(null)}>
        End
      </button>
    </div>
  )
}
