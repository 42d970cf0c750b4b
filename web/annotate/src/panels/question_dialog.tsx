// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import { Modal } from './controls'

// What the page asks before it acts. Closing it means no.
export function QuestionDialog() {
  const session = useSession()
  const question = useSessionState((state) => state.question)
  if (!question) return null
  return (
    <Modal
      key={question.text}
      title={question.text}
      className="question"
      onClose={() => session.core.answer(null)}
    >
      <p>{question.detail}</p>
      <div className="modal-actions">
        {question.choices.map((choice, at) => (
          <button
            key={choice}
            type="button"
            className={at === 0 ? 'primary' : ''}
            data-first={at === 0 ? '' : undefined}
            onClick={() => session.core.answer(at)}
          >
            {choice}
          </button>
        ))}
        <button type="button" onClick={() => session.core.answer(null)}>
          Cancel
        </button>
      </div>
    </Modal>
  )
}
