// SPDX-License-Identifier: Apache-2.0
// Which pixels a stroke or a polygon covers: the same ones as src/sonde/annotate/brush.h, operation by operation, so that
// what is painted before the server has answered does not change when it does.
import { minBrushRadius } from '../state/session_state'
import type { PointPx, Radii } from '../wire/types'

// Pixels [begin, end) of a row.
export interface Span {
  row: number
  begin: number
  end: number
}

interface Segment {
  ax: number
  ay: number
  bx: number
  by: number
  dx: number
  dy: number
  l: number
}

interface Interval {
  low: number
  high: number
}

const farthest = 1e6
// More than rounding can move the edge of a segment, less than a pixel.
const doubt = 1e-3

// From here on y is counted in widths of a pixel, rows being `rowHeight` apart.
function segmentOf([ax, aRow]: PointPx, [bx, bRow]: PointPx, rowHeight: number): Segment {
  const ay = aRow * rowHeight
  const by = bRow * rowHeight
  const dx = bx - ax
  const dy = by - ay
  return { ax, ay, bx, by, dx, dy, l: dx * dx + dy * dy }
}

function covers(s: Segment, radius: number, x: number, y: number): boolean {
  const t = s.l > 0 ? Math.min(Math.max(((x - s.ax) * s.dx + (y - s.ay) * s.dy) / s.l, 0), 1) : 0
  const ex = x - (s.ax + t * s.dx)
  const ey = y - (s.ay + t * s.dy)
  return ex * ex + ey * ey <= radius * radius
}

function hull(a: Interval | null, b: Interval | null): Interval | null {
  if (!a || !b) return a ?? b
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }
}

function discInRow(cx: number, cy: number, radius: number, y: number): Interval | null {
  const rest = radius * radius - (y - cy) * (y - cy)
  return rest < 0 ? null : { low: cx - Math.sqrt(rest), high: cx + Math.sqrt(rest) }
}

// x with limits.low <= slope * x + offset <= limits.high, within `within`.
function clipped(within: Interval | null, slope: number, offset: number, limits: Interval): Interval | null {
  if (!within) return null
  if (slope === 0) return offset >= limits.low && offset <= limits.high ? within : null
  const at = (limits.low - offset) / slope
  const to = (limits.high - offset) / slope
  const low = Math.max(within.low, Math.min(at, to))
  const high = Math.min(within.high, Math.max(at, to))
  return low <= high ? { low, high } : null
}

// Where the row y lies within `radius` of the segment: a convex shape, so one interval. Not to the last bit.
function segmentInRow(s: Segment, radius: number, y: number): Interval | null {
  const ends = hull(discInRow(s.ax, s.ay, radius, y), discInRow(s.bx, s.by, radius, y))
  if (!(s.l > 0)) return ends
  const reach = radius * Math.sqrt(s.l)
  const everywhere = { low: -4 * farthest, high: 4 * farthest }
  const beside = clipped(everywhere, s.dx, (y - s.ay) * s.dy - s.ax * s.dx, { low: 0, high: s.l })
  return hull(ends, clipped(beside, -s.dy, (y - s.ay) * s.dx + s.ax * s.dy, { low: -reach, high: reach }))
}

function clamped(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size)
}

// The outer interval without the pixels at its ends that the exact test refuses.
function spanOf(s: Segment, radius: number, y: number, width: number): Omit<Span, 'row'> | null {
  const outer = segmentInRow(s, radius + doubt, y)
  if (!outer) return null
  let begin = clamped(Math.floor(outer.low), width)
  let end = clamped(Math.ceil(outer.high) + 1, width)
  while (begin < end && !covers(s, radius, begin, y)) ++begin
  while (end > begin && !covers(s, radius, end - 1, y)) --end
  return begin < end ? { begin, end } : null
}

// What the segment from `a` to `b` covers of a picture; a dot where they are equal.
export function segmentSpans(a: PointPx, b: PointPx, radii: Radii, width: number, height: number): Span[] {
  const [radius, rowHeight] = [radii[0], radii[0] / radii[1]]
  const segment = segmentOf(a, b, rowHeight)
  const { ay, by } = segment
  const first = clamped(Math.floor((Math.min(ay, by) - radius) / rowHeight), height)
  const end = clamped(Math.ceil((Math.max(ay, by) + radius) / rowHeight) + 1, height)
  const spans: Span[] = []
  for (let row = first; row < end; ++row) {
    const span = spanOf(segment, radius, row * rowHeight, width)
    if (span) spans.push({ row, ...span })
  }
  return spans
}

// The half axes of a brush that is round in millimetres, with `radius` in pixels of the finer side. On coarse pixels it still
// covers the one under it.
export function radiiOf(radius: number, pixelMm: readonly [x: number, y: number] | null): Radii {
  const [x, y] = pixelMm ?? [1, 1]
  const fine = Math.min(x, y)
  return [Math.max(radius * (fine / x), minBrushRadius), Math.max(radius * (fine / y), minBrushRadius)]
}

export function strokeSpans(points: readonly PointPx[], radii: Radii, width: number, height: number): Span[] {
  const spans: Span[] = []
  for (let i = 0; i < Math.max(points.length - 1, 1); ++i) {
    const a = points[i]
    const b = points[Math.min(i + 1, points.length - 1)]
    if (a && b) spans.push(...segmentSpans(a, b, radii, width, height))
  }
  return spans
}

function firstPixelFrom(at: number, size: number): number {
  return clamped(Math.ceil(at - 0.5), size)
}

function addCrossings(rows: Map<number, number[]>, from: PointPx, to: PointPx, height: number): void {
  const [a, b] = from[1] > to[1] ? [to, from] : [from, to]
  const end = firstPixelFrom(b[1], height)
  for (let row = firstPixelFrom(a[1], height); row < end; ++row) {
    const y = row + 0.5
    const x = a[0] + ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1])
    const crossings = rows.get(row)
    if (crossings) crossings.push(x)
    else rows.set(row, [x])
  }
}

// The pixels whose centres lie inside the polygon, by the even-odd rule.
export function polygonSpans(polygon: readonly PointPx[], width: number, height: number): Span[] {
  const corners = polygon.map(([x, y]): PointPx => [x + 0.5, y + 0.5])
  const rows = new Map<number, number[]>()
  corners.forEach((corner, i) => addCrossings(rows, corner, corners[(i + 1) % corners.length]!, height))
  const spans: Span[] = []
  for (const [row, crossings] of rows) {
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const begin = firstPixelFrom(crossings[i]!, width)
      const end = firstPixelFrom(crossings[i + 1]!, width)
      if (begin < end) spans.push({ row, begin, end })
    }
  }
  return spans
}
