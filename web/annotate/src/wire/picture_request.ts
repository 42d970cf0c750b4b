// SPDX-License-Identifier: Apache-2.0
import { decodePicture } from './picture'
import type { ErrorBody, Picture, Plane } from './types'

export type PictureRequest = (image: number, plane: Plane, signal: AbortSignal) => Promise<Picture>

async function reason(response: Response): Promise<string> {
  const said = (await response.json().catch(() => null)) as Partial<ErrorBody> | null
  return said?.error?.message ?? `the server answered with status ${response.status}`
}

// Throws DamagedAnswer, fetch's errors (AbortError among them), and Error with the server's message.
export const requestPicture: PictureRequest = async (image, plane, signal) => {
  const path = `/api/images/${image}/picture?axis=${plane.axis}&slice=${plane.slice}`
  const response = await fetch(path, { signal })
  if (!response.ok) throw new Error(await reason(response))
  return decodePicture(await response.arrayBuffer())
}
