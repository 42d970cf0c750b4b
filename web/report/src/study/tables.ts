// SPDX-License-Identifier: Apache-2.0
// Tables: scores, clicks needed, failures, facts.
import { byId, count, element, fixed, plural } from '../dom'
import { rangeText, scrolling } from '../table'
import {
  choiceName,
  clicks,
  columnWords,
  data,
  dataSet,
  failures,
  findScore,
  hasInterval,
  isClicks,
  labelName,
  metricOf,
  scores,
  shownSets,
  state,
  type DataSet,
  type Estimate,
  type Metric,
} from './data'

function range(estimate: Estimate, digits: number): string {
  const { low, high } = estimate
  if (low === null || high === null) return 'one image'
  return rangeText(low, high, digits)
}
const kept = <Item>(items: (Item | null)[]) => items.filter((item) => item !== null)

function tableColumns(): number[] {
  const last = data.columns.length - 1
  return [...data.columns.keys()].filter(
    (i) => !isClicks(i) || i === last || [1, 3, 5, 9].includes(data.columns[i]!.step),
  )
}

function scoreHead(columns: number[]): HTMLElement {
  const edge = columns.findIndex(isClicks)
  const modes = edge === -1 ? columns.length : edge
  const group = (span: number, name: string, className?: string) =>
    element('th', { scope: 'colgroup', colspan: span, class: className }, name)
  const groups = element(
    'tr',
    {},
    element('td', { colspan: 2, style: 'border:0' }),
    modes > 0 ? group(modes, 'Prompted once') : null,
    edge !== -1 ? group(columns.length - modes, 'After clicks', 'edge') : null,
  )
  const names = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Label'),
    element('th', { scope: 'col' }, 'Scored', element('small', {}, 'of expected')),
    columns.map((column, i) => {
      const [name, words] = columnWords(column)
      const meaning = words ? element('small', {}, words) : null
      return element('th', { scope: 'col', class: i === edge ? 'edge' : null }, name, meaning)
    }),
  )
  return element('thead', {}, groups, names)
}

function scoreCell(
  estimate: Estimate | undefined,
  metric: Metric,
  usualCount: number,
  className: string | null,
): HTMLElement {
  const { mean, n, infinite = 0 } = estimate ?? { mean: null, n: 0 }
  if (!estimate || (n === 0 && infinite === 0)) return element('td', { class: className }, '–')
  const isOverlap = metric.kind === 'overlap'
  const parts: HTMLElement[] = [element('b', {}, fixed(mean, metric.decimals))]
  if (n > 1) parts.push(element('small', {}, range(estimate, metric.decimals)))
  if (isOverlap && n !== usualCount) parts.push(element('small', {}, `n ${count(n)}`))
  if (infinite > 0) parts.push(element('small', {}, `${count(infinite)} infinite`))
  const cell = element('td', { class: isOverlap ? `tinted ${className ?? ''}` : className }, parts)
  if (isOverlap) cell.style.setProperty('--value', String(mean))
  return cell
}

// One label alone is not said twice.
const rowLabels = (set: number) => {
  const { labels } = dataSet(set)
  return labels.length === 1 ? [-1] : [-1, ...labels.keys()]
}
const rowName = (set: number, label: number) => labelName(set, dataSet(set).labels.length === 1 ? 0 : label)

function scoreRow(set: number, label: number, volume: 0 | 1, columns: number[]): HTMLElement | null {
  const row = columns.map((column) => findScore({ set, label, volume, column, choice: state.choice }))
  const known = row.find((score) => score)
  if (!known) return null
  const scored = known.metrics.iou.n
  const edge = columns.findIndex(isClicks)
  const metric = metricOf(state.metric)
  return element(
    'tr',
    { class: label === -1 ? 'all' : null },
    element('th', { scope: 'row' }, rowName(set, label)),
    element('td', {}, `${count(scored)} / ${count(known.expected)}`),
    row.map((score, i) =>
      scoreCell(score?.metrics[state.metric], metric, scored, i === edge ? 'edge' : null),
    ),
  )
}

function scoreTable(set: number): HTMLElement {
  const columns = tableColumns()
  const body = (volume: 0 | 1) => {
    const rows = kept(rowLabels(set).map((label) => scoreRow(set, label, volume, columns)))
    if (volume === 1 && rows.length > 0) {
      const head = element('th', { scope: 'rowgroup', colspan: columns.length + 2 }, 'Whole volumes')
      rows.unshift(element('tr', { class: 'part' }, head))
    }
    return element('tbody', {}, rows)
  }
  const { title: metric, kind } = metricOf(state.metric)
  const hasMm = scores.some((score) => score.set === set && score.choice === state.choice && score.mm === 1)
  const unit = kind !== 'distance' ? '' : hasMm ? ', mm' : ', pixels'
  const title = dataSet(set).name
  const caption = element('small', {}, `${metric}${unit}, ${choiceName(state.choice)}`)
  return scrolling(
    element('table', {}, element('caption', {}, title, caption), scoreHead(columns), body(0), body(1)),
    `Scores of ${title}`,
  )
}

export function drawScores(): void {
  const notes: string[] = []
  if (scores.some(({ metrics: { iou } }) => iou.n > 1 && !hasInterval(iou)))
    notes.push('One image alone gives none.')
  if (metricOf(state.metric).kind === 'distance')
    notes.push(
      'Distances are averaged where both masks have pixels; infinite ones (one mask is empty) are counted below.',
    )
  byId('scores-note').textContent = notes.join(' ')
  const nothing = element('p', { class: 'empty' }, 'Nothing was scored.')
  byId('scores-body').replaceChildren(...(scores.length === 0 ? [nothing] : shownSets().map(scoreTable)))
}

function neededRow(set: number, label: number, name: string, thresholds: number[]): HTMLElement | null {
  const row = thresholds.map((threshold) =>
    clicks.find(
      (line) =>
        line.set === set &&
        line.label === label &&
        line.choice === state.choice &&
        line.threshold === threshold &&
        line.needed.n !== 0,
    ),
  )
  if (row.every((line) => !line)) return null
  return element(
    'tr',
    { class: label === -1 && state.set !== -1 ? 'all' : null },
    element('th', { scope: 'row' }, name),
    row.flatMap((line) => {
      if (!line) return [element('td', { class: 'edge' }, '–'), element('td', {}, '–')]
      const { needed, never } = line
      const isNever = never === needed.n
      const mean = element('b', {}, isNever ? 'never' : fixed(needed.mean, 1))
      const interval = needed.n > 1 && !isNever ? element('small', {}, range(needed, 1)) : null
      const share = element('small', {}, `${count(never)} of ${count(needed.n)}`)
      return [
        element('td', { class: 'edge' }, mean, interval),
        element('td', {}, `${Math.round((100 * never) / needed.n)} %`, share),
      ]
    }),
  )
}

// A row per data set; of one data set, a row per label.
function neededTable(thresholds: number[]): HTMLElement | null {
  const rows = kept(
    state.set === -1
      ? shownSets().map((set) => neededRow(set, -1, dataSet(set).name, thresholds))
      : rowLabels(state.set).map((label) =>
          neededRow(state.set, label, rowName(state.set, label), thresholds),
        ),
  )
  if (rows.length === 0) return null
  const groups = thresholds.map((threshold) =>
    element('th', { scope: 'colgroup', colspan: 2, class: 'edge' }, `to IoU ${threshold.toFixed(2)}`),
  )
  const names = thresholds.flatMap(() => [
    element('th', { scope: 'col', class: 'edge' }, 'clicks'),
    element('th', { scope: 'col' }, 'never'),
  ])
  const head = element(
    'thead',
    {},
    element('tr', {}, element('td', { style: 'border:0' }), groups),
    element('tr', {}, element('th', { scope: 'col' }, state.set === -1 ? 'Data set' : 'Label'), names),
  )
  const title = state.set === -1 ? 'All data sets' : dataSet(state.set).name
  const caption = element('caption', {}, title, element('small', {}, choiceName(state.choice)))
  return scrolling(element('table', {}, caption, head, element('tbody', {}, rows)), `Clicks needed, ${title}`)
}

export function drawNeeded(): void {
  const table = neededTable([...new Set(data.clicks.threshold)].sort())
  const most = Math.max(0, ...data.clicks.most)
  byId('needed-note').textContent =
    table === null
      ? 'No clicks in this study.'
      : `Mean number of clicks until an object first reaches an IoU; objects that never do within ${most} count as ${most}, and where none does there is no mean.`
  byId('needed-body').replaceChildren(...(table === null ? [] : [table]))
}

function failureTable(lines: typeof failures): HTMLElement {
  const heads = ['Data set', 'Picture', 'Label', 'Kind', 'Reason'].map((name) =>
    element('th', { scope: 'col' }, name),
  )
  const rows = lines.map(({ set, image, label, kind, reason }) => {
    const cells = [
      dataSet(set).name,
      image,
      label === null ? 'all' : String(label),
      kind.replaceAll('_', ' '),
      reason,
    ]
    return element(
      'tr',
      {},
      cells.map((text) => element('td', {}, text)),
    )
  })
  const head = element('thead', {}, element('tr', {}, heads))
  return scrolling(element('table', { class: 'text' }, head, element('tbody', {}, rows)), 'Failures')
}

// "19 labels that a picture lacks, 3 smaller than --min-area"
function leftOutWords({ absent, belowArea }: DataSet): string {
  const labels = (n: number) => plural(n, 'label', 'labels')
  if (absent === 0) return `${labels(belowArea)} smaller than --min-area`
  return `${labels(absent)} that a picture lacks${belowArea > 0 ? `, ${count(belowArea)} smaller than --min-area` : ''}`
}

export function drawFailures(): void {
  const total = data.failures.count
  const shown = failures.filter((line) => state.set === -1 || line.set === state.set)
  const note = (...text: string[]) => element('p', { class: 'note' }, text)
  const body: HTMLElement[] = []
  if (total === 0) body.push(element('p', {}, 'Nothing: every picture and mask could be used.'))
  else if (total > failures.length)
    body.push(note(`The first ${count(failures.length)} of ${count(total)}; failures.csv has all.`))
  else if (shown.length < total)
    body.push(note(`${count(shown.length)} of ${count(total)} are of the data set shown.`))
  if (shown.length > 0) body.push(failureTable(shown))
  const sets = shownSets().map(dataSet)
  const left = sets.filter((set) => set.belowArea > 0 || set.absent > 0)
  if (left.length > 0) {
    const words = left.map((set) => (sets.length === 1 ? '' : `${set.name}: `) + leftOutWords(set))
    body.push(note('Not asked for: ', words.join('; '), '.'))
  }
  byId('failures-body').replaceChildren(...body)
}

export function drawCounts(): void {
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
  const entry = (name: string, ...value: (Node | string)[]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value))
  const scored = total(
    data.dataSets.map((_, set) => {
      const own = scores.filter((score) => score.set === set && score.label === -1 && score.volume === 0)
      return Math.max(0, ...own.map((score) => score.metrics.iou.n))
    }),
  )
  const expected = total(data.dataSets.flatMap((set) => set.labels.map((label) => label.tasks)))
  const pictures = total(data.dataSets.map((set) => set.pictures))
  const failed = data.failures.count
  byId('counts').replaceChildren(
    entry(
      expected === 1 ? 'object scored' : 'objects scored',
      count(scored),
      element('small', {}, ` of ${count(expected)}`),
    ),
    entry(data.dataSets.length === 1 ? 'data set' : 'data sets', count(data.dataSets.length)),
    entry(pictures === 1 ? 'picture found' : 'pictures found', count(pictures)),
    entry(
      failed === 1 ? 'failure' : 'failures',
      failed === 0 ? '0' : element('a', { href: '#failures' }, count(failed)),
    ),
  )
}

export function drawFacts(): void {
  byId('facts').replaceChildren(
    ...data.facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}
