// SPDX-License-Identifier: Apache-2.0
// IoU against the size of objects.
import { IOU_AXIS, showCharts, tipFields, type Spec } from '../charts'
import {
  choiceColour,
  choiceName,
  columnName,
  dataSet,
  findScore,
  findSeries,
  hasInterval,
  shownSets,
  state,
  type Series,
} from './data'
import { byId, count, fixed, plural } from '../dom'
import { rowsOf } from '../table'

function sizeSpec(line: Series): Spec {
  const points = rowsOf(line.sample).map(({ area, iou }) => ({ area: Math.max(1, area), iou: iou / 1000 }))
  const groups = rowsOf(line.bySize).map(({ logArea, ...quartiles }) => ({
    area: 10 ** logArea,
    ...quartiles,
  }))
  const x = {
    field: 'area',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, nice: false, padding: 8 },
    title: 'area of the object in pixels',
    axis: { grid: false, format: '~s', tickCount: 5, labelOverlap: true },
  }
  const isCrowded = points.length > 500
  return {
    layer: [
      {
        data: { values: points },
        mark: {
          type: 'point',
          filled: true,
          color: choiceColour(state.choice),
          size: isCrowded ? 12 : 22,
          opacity: isCrowded ? 0.3 : 0.45,
        },
        encoding: {
          x,
          y: { field: 'iou', ...IOU_AXIS },
          tooltip: tipFields(['area', 'pixels', ',d'], ['iou', 'IoU', '.3f']),
        },
      },
      {
        data: { values: groups },
        mark: { type: 'area', color: 'var(--text)', opacity: 0.1 },
        encoding: { x, y: { field: 'low', ...IOU_AXIS }, y2: { field: 'high' } },
      },
      {
        data: { values: groups },
        mark: {
          type: 'line',
          color: 'var(--text)',
          strokeWidth: 1.8,
          point: { size: 22, color: 'var(--text)' },
        },
        encoding: { x, y: { field: 'median', ...IOU_AXIS } },
      },
    ],
  }
}

function correlationWords(set: number): string {
  const { column, choice } = state
  const rho = findScore({ set, label: -1, volume: 0, column, choice })?.sizeCorrelation
  if (!rho || rho.n === 0) return 'no rank correlation (too few objects, or all alike)'
  const interval = hasInterval(rho) ? ` [${fixed(rho.low, 2)}, ${fixed(rho.high, 2)}]` : ''
  return `Spearman’s ρ ${fixed(rho.mean, 2)}${interval}`
}

export function drawSize(): void {
  const lines = shownSets().flatMap((set) => findSeries(set, state.column, state.choice) ?? [])
  const cards = lines.map((line) => {
    const name = dataSet(line.set).name
    const rank = correlationWords(line.set)
    const shown = line.sample.area.length
    const drawn =
      shown < line.n
        ? `${count(shown)} of ${count(line.n)} objects drawn`
        : plural(line.n, 'object', 'objects')
    return {
      title: name,
      subtitle: `${rank}; ${drawn}`,
      text: `IoU against size, ${name}: ${rank}.`,
      spec: sizeSpec(line),
      height: 300,
    }
  })
  const parts = lines.length > 0 ? [`${columnName(state.column)}, ${choiceName(state.choice)}.`] : []
  if (lines.some((line) => line.bySize.median.length > 0))
    parts.push('Line and band: median and quartiles of equally many neighbours in size, from all objects.')
  if (lines.some((line) => line.sample.area.length < line.n))
    parts.push('Where there are too many objects to draw, an even sample is drawn.')
  byId('size-note').textContent = parts.join(' ')
  showCharts('size', cards)
}
