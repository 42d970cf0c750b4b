// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import type { Overlap } from '../wire/types'
import { Modal } from './controls'

const overlaps: readonly { overlap: Overlap; title: string; about: string }[] = [
  { overlap: 'keep', title: 'Keep', about: 'pixels stay with the object that has them' },
  {
    overlap: 'overwrite',
    title: 'Overwrite',
    about: 'they go to the newer object, unless the other is locked',
  },
  { overlap: 'allow', title: 'Allow', about: 'both have them' },
]

export function AboutDialog({ onClose }: { onClose: () => void }) {
  const session = useSession()
  const project = useSessionState((state) => state.project)
  if (!project) return null
  const { model } = project
  return (
    <Modal title="Project and model" className="about" onClose={onClose}>
      <dl className="facts">
        <dt>Project</dt>
        <dd>
          <code className="path">{project.folder}</code>
        </dd>
        <dt>Model</dt>
        <dd>
          {model.name} ({model.architecture}, {model.precision})
        </dd>
        <dt>SHA-256</dt>
        <dd>
          <code className="path">{model.sha256}</code>
        </dd>
        <dt>sonde</dt>
        <dd>{project.version}</dd>
      </dl>
      <fieldset>
        <legend>Where approved objects overlap</legend>
        {overlaps.map(({ overlap, title, about }) => (
          <label key={overlap} className="choice">
            <input
              type="radio"
              name="overlap"
              checked={project.overlap === overlap}
              onChange={() => void session.setOverlap(overlap)}
            />
            <span>
              <strong>{title}</strong>
              <span className="muted">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p className="notice">
        For research use only: not a medical device, not for diagnosis. Images and annotations stay on this
        machine.
      </p>
      <p>
        sonde is free software (Apache-2.0).{' '}
        <a href="/licences.txt" target="_blank" rel="noreferrer">
          Licences of what this page is made of
        </a>
      </p>
    </Modal>
  )
}
