// SPDX-License-Identifier: Apache-2.0
// What evaluate/report_*.cc put into the page.
import { byId } from '../dom'
import type { Drawing } from '../drawing'
import { rowsOf, type Columns } from '../table'

// A mean of n values with its 95 % interval: null where n is 0, and the interval where all are of one image.
export interface Estimate {
  mean: number | null
  low: number | null
  high: number | null
  n: number
  infinite?: number // counted beside the n; of an overlap none are
}
// A row of evaluate/scores.h kMetrics.
export interface Metric {
  name: string
  title: string
  kind: string
  decimals: number
}
export interface Label {
  label: number
  name: string
  tasks: number
  volumes: number
}
export interface DataSet {
  name: string
  labels: Label[]
  pictures: number
  belowArea: number
  absent: number
  failures: number
}
interface ScoreKey {
  set: number
  label: number // place among the data set's; -1: all
  volume: 0 | 1
  column: number
  choice: number
}
interface Score extends ScoreKey {
  expected: number
  mm: 0 | 1 // else pixels
  metrics: { iou: Estimate; [name: string]: Estimate }
  sizeCorrelation: Estimate
}
interface Clicks {
  set: number
  label: number
  choice: number
  threshold: number
  most: number
  needed: Estimate
  never: number
}
export interface Series {
  set: number
  column: number
  choice: number
  n: number
  mean: number
  quantiles: { q5: number; q25: number; q50: number; q75: number; q95: number }
  density: number[] // at even places from 0 to 1; the largest is 100
  sample: Columns<{ area: number; iou: number }> // 1000 IoU
  bySize: Columns<{ logArea: number; low: number; median: number; high: number }>
}
export interface Case {
  rank: string
  dataSet: number
  column: number
  choice: number
  image: string
  label: number
  labelName: string
  object: string
  area: number
  iou: number
  dice: number
  predicted: number | null
  drawing?: Drawing & { truth: string; prediction: string }
}
interface Failure {
  set: number
  image: string
  label: number | null
  kind: string
  reason: string
}
interface Data {
  title: string
  facts: [name: string, value: string][]
  choices: string[]
  columns: { protocol: string; step: number }[] // modes, then clicks
  metrics: Metric[]
  dataSets: DataSet[]
  scores: Columns<Score>
  clicks: Columns<Clicks>
  series: Series[]
  cases: { pictures: string[]; lines: Case[] }
  failures: { count: number; lines: Columns<Failure> }
  published: Record<string, string> // CSV by method
}

export let data: Data
export let scores: Score[] = []
export let clicks: Clicks[] = []
export let failures: Failure[] = []

const keyOf = ({ set, label, volume, column, choice }: ScoreKey) =>
  [set, label, volume, column, choice].join()
let scoresByKey = new Map<string, Score>()
export const findScore = (key: ScoreKey) => scoresByKey.get(keyOf(key))

export function readData(): void {
  data = JSON.parse(byId('data').textContent!) as Data
  scores = rowsOf<Score>(data.scores)
  clicks = rowsOf<Clicks>(data.clicks)
  failures = rowsOf<Failure>(data.failures.lines)
  scoresByKey = new Map(scores.map((score) => [keyOf(score), score]))
  state.set = data.dataSets.length === 1 || data.dataSets.length > 8 ? 0 : -1
}

export const findSeries = (set: number, column: number, choice: number) =>
  data.series.find((line) => line.set === set && line.column === column && line.choice === choice)

export const dataSet = (set: number) => data.dataSets[set]!
export const metricOf = (name: string) => data.metrics.find((metric) => metric.name === name)!
export const hasInterval = (estimate: Estimate) => estimate.low !== null && estimate.high !== null

const MODE_WORDS: Record<string, [short: string, meaning: string]> = {
  mode1: ['Mode 1', 'point in the largest region'],
  mode2: ['Mode 2', 'point in each region'],
  mode3: ['Mode 3', 'box around the largest region'],
  mode4: ['Mode 4', 'box around each region'],
  mode5: ['Mode 5', 'one box around all'],
}
export function columnWords(column: number): [short: string, meaning: string] {
  const { protocol, step } = data.columns[column]!
  return MODE_WORDS[protocol] ?? [step === 1 ? '1 click' : `${step} clicks`, '']
}
export const columnName = (column: number) =>
  columnWords(column)
    .filter((words) => words)
    .join(': ')
export const isClicks = (column: number) => data.columns[column]!.protocol === 'clicks'
// Modes and the last click.
export const finalColumns = () =>
  data.columns.flatMap(({ protocol }, i) => (data.columns[i + 1]?.protocol === protocol ? [] : [i]))

const CHOICE_COLOURS = ['confidence', 'first', 'oracle', 'single', 'card']
export const choiceName = (choice: number) => data.choices[choice]!
export const choiceColour = (choice: number) =>
  `var(--choice-${Math.max(0, CHOICE_COLOURS.indexOf(choiceName(choice)))})`

export function labelName(set: number, label: number): string {
  if (label === -1) return 'All labels'
  const { label: value, name } = dataSet(set).labels[label]!
  return name === '' ? `Label ${value}` : name
}

// What the controls of the page say.
export const state = {
  set: -1, // -1: all
  choice: 0,
  published: false,
  metric: 'iou',
  column: 0,
  task: '', // '': mean of the 28
}
export const shownSets = () => [...data.dataSets.keys()].filter((i) => state.set === -1 || state.set === i)
