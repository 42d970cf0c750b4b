// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { Session } from '../state/session'
import type { SessionState } from '../state/session_state'
import { Client } from '../wire/client'
import type { PictureRequest } from './picture_cache'
import { PointerInput } from './pointer'
import './viewer.css'
import { ViewerStage } from './viewer_stage'

const client = new Client()
const requestPicture: PictureRequest = (image, plane, signal) => client.picture(image, plane, signal)

// What is in view, in words.
function description({ opened, plane }: SessionState): string {
  if (!opened || !plane) return 'Picture'
  if (opened.plain) return `Picture ${opened.image.name}`
  const slices = opened.planes.find(({ axis }) => axis === plane.axis)?.slices
  return `Picture ${opened.image.name}, ${plane.axis} slice ${plane.slice + 1} of ${slices}`
}

// The image in view with its masks, and the tools on it.
export function Viewer({
  session,
  request = requestPicture,
}: {
  session: Session
  request?: PictureRequest
}) {
  const root = useRef<HTMLElement>(null)
  const picture = useRef<HTMLDivElement>(null)
  const masks = useRef<HTMLCanvasElement>(null)
  const outlines = useRef<HTMLCanvasElement>(null)
  const live = useRef<HTMLCanvasElement>(null)
  const readout = useRef<HTMLDivElement>(null)
  const message = useRef<HTMLDivElement>(null)
  const label = useSyncExternalStore(session.subscribe, () => description(session.getState()))

  useEffect(() => {
    const elements = {
      root: root.current!,
      picture: picture.current!,
      masks: masks.current!,
      outlines: outlines.current!,
      live: live.current!,
      readout: readout.current!,
      message: message.current!,
    }
    const stage = new ViewerStage(session, elements, request)
    const input = new PointerInput(elements.root, stage)
    return () => {
      input.destroy()
      stage.destroy()
    }
  }, [session, request])

  return (
    <section ref={root} className="viewer" data-viewer="" role="application" tabIndex={0} aria-label={label}>
      <div ref={picture} className="viewer-picture" />
      <canvas ref={masks} className="viewer-layer" data-layer="masks" />
      <canvas ref={outlines} className="viewer-layer" data-layer="outlines" />
      <canvas ref={live} className="viewer-layer" data-layer="live" />
      <div ref={readout} className="viewer-readout" />
      <div ref={message} className="viewer-message" role="status" />
    </section>
  )
}
