// SPDX-License-Identifier: Apache-2.0
// The prompts compared: distributions of the IoU.
import { IOU_AXIS, showCharts, tipFields, type Card, type Layer, type Spec } from '../charts'
import {
  choiceColour,
  choiceName,
  columnName,
  columnWords,
  data,
  dataSet,
  finalColumns,
  findSeries,
  isClicks,
  shownSets,
  state,
  type Series,
} from './data'
import { fixed, plural } from '../dom'
import { publishedModes, publishedKind } from './published'

// Places along x for the prompts of a chart, named by their short words.
const promptAxis = (names: string[], title: string) => ({
  type: 'quantitative' as const,
  title,
  scale: { domain: [0.5, names.length + 0.5], nice: false },
  axis: {
    values: names.map((_, i) => i + 1),
    grid: false,
    labelExpr: `${JSON.stringify(names)}[datum.value - 1]`,
    labelAngle: 0,
    labelOverlap: false,
  },
})
type PromptAxis = ReturnType<typeof promptAxis>

// Even, but not in rows: the golden ratio's multiples.
const spread = (i: number) => 0.55 * (((i * 0.618034) % 1) - 0.5)

const SMALL_SET = 40

// The quartiles of one prompt; `at`: its place along x.
interface Summary {
  at: number
  name: string
  n: number
  mean: number
  q5: number
  q25: number
  median: number
  q75: number
  q95: number
}

function summaryLayers(boxes: Summary[], axis: PromptAxis, colour: string): Layer[] {
  const own = { values: boxes }
  const x = { field: 'at', ...axis }
  const y = (field: keyof Summary) => ({ field, ...IOU_AXIS })
  const tooltip = tipFields(
    ['name', ' '],
    ['n', 'n', ',d'],
    ['mean', 'mean', '.3f'],
    ['median', 'median', '.3f'],
    ['q25', 'lower quartile', '.3f'],
    ['q75', 'upper quartile', '.3f'],
  )
  return [
    {
      data: own,
      mark: { type: 'rule', strokeWidth: 1.2, color: colour },
      encoding: { x, y: y('q5'), y2: { field: 'q95' } },
    },
    {
      data: own,
      mark: { type: 'bar', width: 7, color: colour, cornerRadius: 2 },
      encoding: { x, y: y('q25'), y2: { field: 'q75' }, tooltip },
    },
    {
      data: own,
      mark: { type: 'tick', orient: 'horizontal', width: 22, thickness: 2, color: colour },
      encoding: { x, y: y('mean') },
    },
    {
      data: own,
      mark: {
        type: 'point',
        filled: true,
        opacity: 1,
        size: 34,
        color: 'var(--card)',
        stroke: colour,
        strokeWidth: 1.5,
      },
      encoding: { x, y: y('median'), tooltip },
    },
  ]
}

// Mean of the published tasks for the columns that are modes.
function publishedMeansLayer(columns: number[], axis: PromptAxis): Layer {
  const values = columns.flatMap((column, i) => {
    const mode = Number(/^mode([1-5])$/.exec(data.columns[column]!.protocol)?.[1])
    if (!mode) return []
    const mean = meanOf(publishedModes().map((task) => task[publishedKind()][mode - 1]!))
    return [{ at: i + 1, name: `Mode ${mode}, 28 tasks, ${publishedKind()}`, mean }]
  })
  return {
    data: { values },
    mark: {
      type: 'point',
      shape: 'diamond',
      xOffset: 15, // pixels: beside the bar, however wide a place is
      size: 70,
      filled: true,
      opacity: 1,
      color: 'var(--card)',
      stroke: 'var(--published)',
      strokeWidth: 1.8,
    },
    encoding: {
      x: { field: 'at', ...axis },
      y: { field: 'mean', ...IOU_AXIS },
      tooltip: tipFields(['name', ' '], ['mean', 'published mean', '.3f']),
    },
  }
}

const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

type Drawn = (Series | undefined)[] // a place for each column

// The shape of a distribution, as wide as the density.
const bodiesOf = (drawn: Drawn) =>
  drawn.flatMap((line, i) =>
    line && line.n > SMALL_SET
      ? line.density.map((value, k) => ({
          group: i,
          iou: k / (line.density.length - 1),
          from: i + 1 - 0.0042 * value,
          to: i + 1 + 0.0042 * value,
        }))
      : [],
  )

const dotsOf = (drawn: Drawn) =>
  drawn.flatMap((line, i) =>
    line && line.n <= SMALL_SET
      ? line.sample.area.map((area, k) => ({ at: i + 1 + spread(k), iou: line.sample.iou[k]! / 1000, area }))
      : [],
  )

const summariesOf = (columns: number[], drawn: Drawn) =>
  drawn.flatMap((line, i): Summary[] => {
    if (!line) return []
    const { q50: median, ...quantiles } = line.quantiles
    return [{ at: i + 1, name: columnName(columns[i]!), n: line.n, mean: line.mean, median, ...quantiles }]
  })

function modesSpec(columns: number[], drawn: Drawn): Spec {
  const names = columns.map((column) => columnWords(column)[0])
  const isMixed = columns.some(isClicks)
  const axis = promptAxis(
    isMixed && columns.length <= 4 ? names : names.map((name) => name.replace('Mode ', '')),
    isMixed ? 'prompt' : 'mode',
  )
  const colour = choiceColour(state.choice)
  return {
    layer: [
      {
        data: { values: bodiesOf(drawn) },
        mark: { type: 'area', orient: 'horizontal', color: colour, opacity: 0.22 },
        encoding: {
          y: { field: 'iou', ...IOU_AXIS },
          x: { field: 'from', ...axis },
          x2: { field: 'to' },
          detail: { field: 'group' },
        },
      },
      {
        data: { values: dotsOf(drawn) },
        mark: { type: 'point', filled: true, color: colour, size: 20, opacity: 0.45 },
        encoding: {
          x: { field: 'at', ...axis },
          y: { field: 'iou', ...IOU_AXIS },
          tooltip: tipFields(['iou', 'IoU', '.3f'], ['area', 'pixels', ',d']),
        },
      },
      ...summaryLayers(summariesOf(columns, drawn), axis, colour),
      ...(state.published ? [publishedMeansLayer(columns, axis)] : []),
    ],
  }
}

function quantileOf(sorted: number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low)
}

function publishedModesCard(): Card {
  const kind = publishedKind()
  const axis = promptAxis(['1', '2', '3', '4', '5'], 'mode')
  const dots = publishedModes().flatMap((task, k) =>
    task[kind].map((iou, i) => ({ at: i + 1 + spread(k), iou, name: `${task.task}, mode ${i + 1}` })),
  )
  const boxes = [0, 1, 2, 3, 4].map((i): Summary => {
    const sorted = publishedModes()
      .map((task) => task[kind][i]!)
      .sort((a, b) => a - b)
    return {
      at: i + 1,
      name: `Mode ${i + 1}, published`,
      n: sorted.length,
      mean: meanOf(sorted),
      q5: quantileOf(sorted, 0.05),
      q25: quantileOf(sorted, 0.25),
      median: quantileOf(sorted, 0.5),
      q75: quantileOf(sorted, 0.75),
      q95: quantileOf(sorted, 0.95),
    }
  })
  const means = boxes.map((box, i) => `mode ${i + 1} ${fixed(box.mean, 2)}`).join(', ')
  return {
    title: 'Published: SAM ViT-H on 28 tasks',
    subtitle: `Mazurowski et al. 2023, their data; a dot is the mean of a task, ${kind === 'oracle' ? 'oracle' : 'most confident mask'}`,
    text: `Published mean IoU over 28 tasks: ${means}.`,
    className: 'theirs',
    height: 320,
    spec: {
      layer: [
        {
          data: { values: dots },
          mark: { type: 'point', filled: true, color: 'var(--published)', size: 22, opacity: 0.6 },
          encoding: {
            x: { field: 'at', ...axis },
            y: { field: 'iou', ...IOU_AXIS },
            tooltip: tipFields(['name', ' '], ['iou', 'IoU', '.3f']),
          },
        },
        ...summaryLayers(boxes, axis, 'var(--published)'),
      ],
    },
  }
}

export function drawModes(): void {
  const columns = finalColumns()
  const cards = shownSets().flatMap((set): Card[] => {
    const drawn = columns.map((column) => findSeries(set, column, state.choice))
    if (drawn.every((line) => !line)) return []
    const means = drawn.flatMap((line, i) =>
      line ? [`${columnWords(columns[i]!)[0]} ${fixed(line.mean, 2)}`] : [],
    )
    const most = Math.max(...drawn.map((line) => line?.n ?? 0))
    return [
      {
        title: dataSet(set).name,
        subtitle: `${plural(most, 'object', 'objects')}, ${choiceName(state.choice)}`,
        text: `IoU by prompt, ${dataSet(set).name}, means: ${means.join(', ')}.`,
        spec: modesSpec(columns, drawn),
        height: 320,
      },
    ]
  })
  if (cards.length > 0 && state.published) cards.push(publishedModesCard())
  showCharts('modes', cards)
}
