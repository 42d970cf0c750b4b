// SPDX-License-Identifier: Apache-2.0
// Before and after tuning: plots of means with their intervals, and the same as tables.
import { IOU_AXIS, showCharts, tipFields, type Card, type Layer, type Spec } from '../charts'
import { byId, count, element, fixed, svg } from '../dom'
import { rangeText, scrolling } from '../table'
import { choiceName, comparisons, shownSets, state, type Comparison, type Measure } from './data'

const own = (set: string) => comparisons.filter((line) => line.set === set && line.choice === state.choice)
const oracle = (line: Comparison) =>
  comparisons.find((o) => o.set === line.set && o.prompt === line.prompt && o.choice === 'oracle')?.after

const rise = ({ before, after }: Comparison) => (after.iou ?? 0) - (before.iou ?? 0)
// By the paired test; without one, as of guard sets, by how much.
function verdict(line: Comparison): 'better' | 'worse' | 'not clear' {
  const isClear = line.p === null ? Math.abs(rise(line)) > 0.05 : line.p < 0.05
  return !isClear ? 'not clear' : rise(line) > 0 ? 'better' : 'worse'
}

const interval = ({ low, high }: Measure) =>
  low === null || high === null ? 'one picture' : rangeText(low, high, 2)

// Rows of a chart: the prompt's line, before a little above it and after a little below.
function rowsOfChart(lines: Comparison[]) {
  const row = (line: Comparison, i: number, when: 'before' | 'after') => ({
    prompt: line.prompt,
    when,
    at: i + (when === 'before' ? -0.17 : 0.17),
    iou: line[when].iou,
    low: line[when].low,
    high: line[when].high,
    interval: interval(line[when]),
    n: line.n,
  })
  return lines.flatMap((line, i) => [row(line, i, 'before'), row(line, i, 'after')])
}

function scoresSpec(lines: Comparison[]): Spec {
  const rows = rowsOfChart(lines)
  const names = lines.map((line) => line.prompt)
  const scale = { domain: [names.length - 0.5, -0.5], nice: false }
  const axis = {
    values: names.map((_, i) => i),
    grid: false,
    labelExpr: `${JSON.stringify(names)}[datum.value]`,
    labelLimit: 110,
  }
  const y = { field: 'at', type: 'quantitative' as const, scale, title: null, axis }
  const color = {
    field: 'when',
    type: 'nominal' as const,
    legend: null,
    scale: { domain: ['before', 'after'], range: ['var(--before)', 'var(--after)'] },
  }
  const tooltip = tipFields(
    ['prompt', ' '],
    ['when', 'tuning'],
    ['iou', 'IoU', '.3f'],
    ['interval', '95 % interval'],
    ['n', 'objects', ',d'],
  )
  const ticks = lines.flatMap((line, i) => {
    const best = oracle(line)?.iou
    return best === null || best === undefined ? [] : [{ at: i, top: i - 0.32, end: i + 0.32, iou: best }]
  })
  const layers: Layer[] = [
    {
      data: { values: ticks },
      mark: { type: 'rule', strokeWidth: 1.5, color: 'var(--muted)', opacity: 0.55 },
      encoding: {
        x: { field: 'iou', ...IOU_AXIS },
        y: { ...y, field: 'top' },
        y2: { field: 'end' },
        tooltip: tipFields(['iou', 'oracle after', '.3f']),
      },
    },
    {
      data: { values: rows.filter((row) => row.low !== null) },
      mark: { type: 'rule', strokeWidth: 2 },
      encoding: { x: { field: 'low', ...IOU_AXIS }, x2: { field: 'high' }, y, color, tooltip },
    },
    {
      data: { values: rows },
      mark: { type: 'point', filled: true, opacity: 1, size: 64 },
      encoding: { x: { field: 'iou', ...IOU_AXIS }, y, color, tooltip },
    },
  ]
  return { layer: layers }
}

const whose = ({ part }: Comparison) =>
  part === 'test' ? 'of the test part' : 'of a set that was never trained on'

function scoresCard(set: string): Card[] {
  const lines = own(set)
  if (lines.length === 0) return []
  const words = lines.map(
    (line) => `${line.prompt} from ${fixed(line.before.iou, 2)} to ${fixed(line.after.iou, 2)}`,
  )
  const most = Math.max(...lines.map((line) => line.n))
  return [
    {
      title: set,
      subtitle: `${count(most)} objects ${whose(lines[0]!)}`,
      text: `IoU before and after tuning, ${set}: ${words.join('; ')}.`,
      spec: scoresSpec(lines),
      height: 60 + 40 * lines.length,
    },
  ]
}

function measureCell(measure: Measure, className: string | null): HTMLElement {
  const cell = element(
    'td',
    { class: `tinted ${className ?? ''}` },
    element('b', {}, fixed(measure.iou, 3)),
    element('small', {}, interval(measure)),
  )
  cell.style.setProperty('--value', String(measure.iou ?? 0))
  return cell
}

function changeCell(line: Comparison): HTMLElement {
  const words = verdict(line)
  return element(
    'td',
    { class: words === 'not clear' ? null : words },
    element('b', {}, `${rise(line) > 0 ? '+' : ''}${fixed(rise(line), 3)}`),
    element('small', {}, words),
  )
}

const pText = (p: number | null) => (p === null ? '–' : p < 0.001 ? '< 0.001' : fixed(p, 3))

function scoreRow(line: Comparison): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, line.prompt),
    element('td', {}, count(line.n)),
    measureCell(line.before, 'edge'),
    measureCell(line.after, null),
    changeCell(line),
    element('td', {}, pText(line.p)),
    element('td', {}, fixed(oracle(line)?.iou ?? null, 3)),
    element('td', { class: 'edge' }, fixed(line.before.error, 2)),
    element('td', {}, fixed(line.after.error, 2)),
  )
}

function scoreTable(set: string): HTMLElement[] {
  const lines = own(set)
  if (lines.length === 0) return []
  const head = (name: string, className?: string) => element('th', { scope: 'col', class: className }, name)
  const table = element(
    'table',
    {},
    element(
      'caption',
      {},
      set,
      element('small', {}, `${whose(lines[0]!)}, mask chosen: ${choiceName(state.choice)}`),
    ),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('td', { colspan: 2, style: 'border:0' }),
        element('th', { scope: 'colgroup', colspan: 5, class: 'edge' }, 'IoU'),
        element('th', { scope: 'colgroup', colspan: 2, class: 'edge' }, 'Predicted IoU off by'),
      ),
      element(
        'tr',
        {},
        head('Prompt'),
        head('Objects'),
        head('before', 'edge'),
        head('after'),
        head('change'),
        head('p'),
        head('oracle after'),
        head('before', 'edge'),
        head('after'),
      ),
    ),
    element('tbody', {}, lines.map(scoreRow)),
  )
  return [scrolling(table, `Before and after, ${set}`)]
}

function dotSwatch(colour: string): SVGElement {
  return svg(
    'svg',
    { width: 30, height: 10, 'aria-hidden': 'true' },
    svg('line', { x1: 1, x2: 29, y1: 5, y2: 5, stroke: colour, 'stroke-width': 2 }),
    svg('circle', { cx: 15, cy: 5, r: 4, fill: colour }),
  )
}
const tickSwatch = () =>
  svg(
    'svg',
    { width: 8, height: 14, 'aria-hidden': 'true' },
    svg('line', { x1: 4, x2: 4, y1: 0, y2: 14, stroke: 'var(--muted)', 'stroke-width': 1.5, opacity: 0.55 }),
  )

export function drawScores(): void {
  const isMeasured = comparisons.length > 0
  byId('scores-note').textContent = isMeasured
    ? 'Means over objects with 95 % bootstrap intervals, whole pictures drawn with replacement. The test part is tested with the recorded mask; elsewhere, as on guard sets, a change counts from 0.05 on.'
    : ''
  byId('scores-legend').replaceChildren(
    ...(isMeasured
      ? [
          element('span', {}, dotSwatch('var(--before)'), 'before'),
          element('span', {}, dotSwatch('var(--after)'), 'after'),
          element('span', {}, tickSwatch(), 'oracle after: the best of the three candidates'),
        ]
      : []),
  )
  showCharts('scores', shownSets().flatMap(scoresCard))
  byId('scores-tables').replaceChildren(...shownSets().flatMap(scoreTable))
}
