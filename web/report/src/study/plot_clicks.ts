// SPDX-License-Identifier: Apache-2.0
// IoU against clicks.
import { IOU_AXIS, showCharts, tipFields, type Card, type Spec } from '../charts'
import {
  choiceColour,
  choiceName,
  data,
  dataSet,
  hasInterval,
  isClicks,
  scores,
  shownSets,
  state,
} from './data'
import { byId, count, element, fixed } from '../dom'
import { METHODS, publishedClicks } from './published'
import { swatch } from '../swatch'

const DASHES: Record<string, number[]> = {
  SAM: [7, 3],
  'SAM (oracle)': [2, 2.5],
  RITM: [8, 3, 2, 3],
  SimpleClick: [12, 4],
  FocalClick: [4, 4],
}
const dashOf = (method: string) => DASHES[method]!
const publishedColour = (method: string) => (method.startsWith('SAM') ? 'var(--text)' : 'var(--published)')

// Of all labels of a data set together.
const clickScores = (set: number) =>
  scores.filter(
    (score) =>
      score.set === set &&
      score.label === -1 &&
      score.volume === 0 &&
      isClicks(score.column) &&
      score.metrics.iou.n > 0,
  )

const rowsOfSet = (set: number) =>
  clickScores(set).map(({ choice, column, metrics: { iou } }) => ({
    choice: choiceName(choice),
    step: data.columns[column]!.step,
    mean: iou.mean,
    low: iou.low,
    high: iou.high,
    interval: hasInterval(iou) ? `${fixed(iou.low, 3)} to ${fixed(iou.high, 3)}` : 'none, one image',
  }))
type Row = ReturnType<typeof rowsOfSet>[number]

const publishedRows = () =>
  !state.published
    ? []
    : METHODS.flatMap((method) =>
        publishedClicks(method, state.task).map((mean, i) => ({
          choice: `${method} (published)`,
          method,
          step: i + 1,
          mean,
        })),
      )
type PublishedRow = ReturnType<typeof publishedRows>[number]

function clicksSpec(own: Row[], theirs: PublishedRow[]): Spec {
  const most = Math.max(2, ...own.map((row) => row.step), ...theirs.map((row) => row.step))
  const steps = Array.from({ length: most }, (_, i) => i + 1)
  const colour = {
    field: 'choice',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: data.choices, range: data.choices.map((_, i) => choiceColour(i)) },
  }
  const byMethod = <Range>(range: (method: string) => Range) => ({
    field: 'method',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: METHODS, range: METHODS.map(range) },
  })
  const mean = { field: 'mean', ...IOU_AXIS }
  const selected = `datum.choice === ${JSON.stringify(choiceName(state.choice))}`
  const where: Parameters<typeof tipFields> = [
    ['choice', ' '],
    ['step', 'clicks'],
    ['mean', 'IoU', '.3f'],
  ]
  return {
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: 'clicks',
        scale: { domain: [1, most], nice: false, padding: 8 },
        axis: { values: steps.filter((i) => most <= 20 || i % 5 === 0), format: 'd', grid: false },
      },
    },
    layer: [
      {
        data: { values: theirs },
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: { y: mean, stroke: byMethod(publishedColour), strokeDash: byMethod(dashOf) },
      },
      {
        data: { values: theirs },
        mark: { type: 'point', filled: true, size: 60, opacity: 0 },
        encoding: { y: mean, tooltip: tipFields(...where) },
      },
      {
        data: { values: own.filter((row) => row.low !== null) },
        mark: { type: 'area', opacity: 0.14 },
        encoding: { y: { field: 'low', ...IOU_AXIS }, y2: { field: 'high' }, color: colour },
      },
      {
        data: { values: own },
        mark: { type: 'line' },
        encoding: {
          y: mean,
          color: colour,
          strokeWidth: { condition: { test: selected, value: 2.75 }, value: 1.4 },
        },
      },
      {
        data: { values: own },
        mark: { type: 'point', filled: true, opacity: 1 },
        encoding: {
          y: mean,
          color: colour,
          tooltip: tipFields(...where, ['interval', '95 % interval']),
          size: { condition: { test: selected, value: 42 }, value: 18 },
        },
      },
    ],
  }
}

function clicksText(set: number, rows: Row[]): string {
  const lines = data.choices.flatMap((choice) => {
    const own = rows.filter((row) => row.choice === choice)
    const first = own[0]
    const last = own[own.length - 1]
    if (!first || !last) return []
    return [
      `${choice} from ${fixed(first.mean, 2)} after ${first.step} to ${fixed(last.mean, 2)} after ${last.step}`,
    ]
  })
  return `IoU against clicks, ${dataSet(set).name}: ${lines.join('; ')}.`
}

function clicksLegend(): HTMLElement[] {
  const legend = data.choices.map((choice, i) => {
    const isChosen = i === state.choice
    const name = isChosen ? element('b', {}, choice) : choice
    return element('span', {}, swatch(choiceColour(i), null, isChosen ? 3 : 1.8), name)
  })
  if (!state.published) return legend
  const task = state.task === '' ? 'mean of their 28 tasks' : state.task
  return [
    ...legend,
    ...METHODS.map((method) =>
      element('span', {}, swatch(publishedColour(method), dashOf(method), 1.8), method),
    ),
    element('span', {}, `Dashed: published, SAM ViT-H and others on their data (${task})`),
  ]
}

export function drawClicks(): void {
  const theirs = publishedRows()
  const cards = shownSets().flatMap((set): Card[] => {
    const [first] = clickScores(set)
    if (!first) return []
    const rows = rowsOfSet(set)
    const bands = rows.some((row) => row.low !== null)
      ? 'bands: 95 % intervals'
      : 'one image, so no intervals'
    return [
      {
        title: dataSet(set).name,
        subtitle: `${count(first.metrics.iou.n)} of ${count(first.expected)} objects; ${bands}`,
        text: clicksText(set, rows),
        spec: clicksSpec(rows, theirs),
        height: 300,
      },
    ]
  })
  byId('clicks-legend').replaceChildren(...(cards.length === 0 ? [] : clicksLegend()))
  showCharts('clicks', cards)
}
