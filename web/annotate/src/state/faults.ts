// SPDX-License-Identifier: Apache-2.0
import { RequestError } from '../wire/client'

const maxAttempts = 6

// Whether an action that met `fault` is to be sent again: the connection, the token or the space on the disk may come
// back, a server that is out of breath is given a few attempts; everything else has been refused for good.
export function isLost(fault: unknown, attempt: number): boolean {
  if (!(fault instanceof RequestError)) return false
  if ([0, 401, 408, 507].includes(fault.status)) return true
  return [500, 502, 503, 504].includes(fault.status) && attempt < maxAttempts
}

export function isAway(fault: unknown): boolean {
  return fault instanceof RequestError && fault.isAway
}

export function isNotFound(fault: unknown): boolean {
  return fault instanceof RequestError && fault.status === 404
}

// A fault as a sentence.
export function sentence(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
