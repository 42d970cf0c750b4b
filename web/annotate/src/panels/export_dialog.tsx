// SPDX-License-Identifier: Apache-2.0
import { useState, type FormEvent } from 'react'
import { useSession, useSessionState } from '../state/react'
import { isUnderWay } from '../state/jobs'
import type { ExportedResult, ExportFormat, ExportRequest } from '../wire/types'
import { countOf } from '../words'
import { Modal } from './controls'
import { CheckIcon } from '../icons'

const formats: readonly { format: ExportFormat; title: string; about: string }[] = [
  { format: 'nifti', title: 'NIfTI', about: 'Label maps with the geometry of the image (.nii.gz)' },
  { format: 'nrrd', title: 'NRRD', about: 'Label maps with the geometry of the image' },
  { format: 'dicom-seg', title: 'DICOM SEG', about: 'For DICOM images' },
  { format: 'png', title: 'PNG', about: 'Label maps of pictures' },
  { format: 'coco', title: 'COCO', about: 'One JSON file with run-length masks' },
]

const files = [
  { each: 'labels', title: 'One label map per image' },
  { each: 'objects', title: 'One file per object' },
] as const

export function ExportDialog({ onClose }: { onClose: () => void }) {
  const session = useSession()
  const job = useSessionState((state) => state.exporting)
  const plain = useSessionState(({ opened }) => opened?.plain ?? true)
  const images = useSessionState(({ project }) => project?.images)
  const [request, setRequest] = useState<ExportRequest>({ format: plain ? 'png' : 'nifti', each: 'labels' })
  const underWay = job !== null && isUnderWay(job)
  const objects = images?.reduce((sum, image) => sum + image.approved, 0) ?? 0
  const proposed = images?.reduce((sum, image) => sum + image.proposed, 0) ?? 0
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void session.jobs.exportProject(request)
  }
  return (
    <Modal title="Export" onClose={onClose}>
      <form className="export" onSubmit={submit}>
        <p>
          {countOf(objects, 'approved object')} of {countOf(images?.length ?? 0, 'image')}, into a new folder
          of the project.
          {proposed > 0 &&
            ` ${countOf(proposed, 'proposal')} will be left out: only what is approved is exported.`}
        </p>
        <fieldset disabled={underWay}>
          <legend>Format</legend>
          {formats.map(({ format, title, about }) => (
            <label key={format} className="choice">
              <input
                type="radio"
                name="format"
                checked={request.format === format}
                onChange={() => setRequest({ ...request, format })}
              />
              <span>
                <strong>{title}</strong>
                <span className="muted">{about}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <fieldset disabled={underWay}>
          <legend>Files</legend>
          {files.map(({ each, title }) => (
            <label key={each} className="choice">
              <input
                type="radio"
                name="each"
                checked={request.each === each}
                onChange={() => setRequest({ ...request, each })}
              />
              <span>
                <strong>{title}</strong>
              </span>
            </label>
          ))}
        </fieldset>
        <ExportState />
        <div className="modal-actions">
          {underWay && (
            <button type="button" onClick={() => void session.jobs.stop('exporting')}>
              Cancel the export
            </button>
          )}
          <button type="submit" className="primary" data-first="" disabled={underWay}>
            Export
          </button>
        </div>
      </form>
    </Modal>
  )
}

function ExportState() {
  const job = useSessionState((state) => state.exporting)
  if (!job) return null
  if (isUnderWay(job))
    return (
      <div className="job" role="status">
        <progress max={Math.max(job.total, 1)} value={job.done} aria-label="Progress of the export" />
        <span className="muted tabular">
          {job.done} / {job.total}
        </span>
      </div>
    )
  if (job.state !== 'done') {
    const text = job.state === 'cancelled' ? 'The export was cancelled.' : job.message
    return <p className="notice error">{text}</p>
  }
  const { folder, files, notes } = job.result as ExportedResult
  return (
    <div className="notice done" role="status">
      {files === 0 ? (
        <p>Nothing was exported.</p>
      ) : (
        <>
          <p>
            <CheckIcon />
            {countOf(files, 'file')} in
          </p>
          <code className="path">{folder}</code>
        </>
      )}
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  )
}
