// SPDX-License-Identifier: Apache-2.0
// What train/report_data.cc puts into the page.
import { byId } from '../dom'
import type { Drawing } from '../drawing'
import { rowsOf, type Columns } from '../table'

export interface Guard {
  name: string
  before: number | null
  after: number | null
  limit: number | null
  passed: boolean
}
// A mean with its 95 % interval, and how far the predicted IoU is off.
export interface Measure {
  iou: number | null
  low: number | null
  high: number | null
  error: number | null
}
export interface Comparison {
  part: 'test' | 'guard' // guard: a set that was never trained on
  set: string
  prompt: string
  choice: string // 'card': the rule of each model's card
  n: number
  p: number | null // none of guard sets
  before: Measure
  after: Measure
}
export interface Step {
  step: number
  loss: number | null
  mask: number | null
  quality: number | null
  iou: number | null
  norm: number | null
}
export interface Check extends Measure {
  step: number
  set: string
  part: string
  prompt: string
  choice: string
  n: number
}
export interface Case {
  rank: string
  dataset: string
  image: string
  object: string
  label_name: string
  prompt_kind: string
  choice: string
  iou_before: number | null
  iou_after: number | null
  predicted_before: number | null
  predicted_after: number | null
  drawing?: Drawing & { truth: string; before: string; after: string }
}
export interface ClassScore extends Measure {
  name: string
  present: number
  absent: number
  found: number | null
  foundAbsent: number | null
}
export interface DataSet {
  name: string
  licence: string
  citation: string
  source: string
  pictures: number
  objects: number | null // of a guard set nobody counted
  parts: Record<string, number> // pictures
}
interface Data {
  command: string
  facts: [name: string, value: string][]
  counts: [name: string, value: string][]
  notes: string[]
  guards: Guard[]
  comparisons: Columns<Comparison>
  steps: Columns<Step> // of many, means of neighbours
  checks: Columns<Check>
  bestStep: number | null
  rules: Record<string, string> // the recorded choice, by prompt
  cases: { pictures: string[]; lines: Case[] } | null
  classes: ClassScore[]
  sets: DataSet[]
}

export let data: Data
export let comparisons: Comparison[] = []
export let steps: Step[] = []
export let checks: Check[] = []

export const state = {
  set: '', // '': all
  choice: 'card',
}

export const distinct = (values: string[]) => [...new Set(values)]
// The recorded one first; the oracle is drawn beside each.
export function choices(): string[] {
  const found = distinct(comparisons.map((line) => line.choice)).filter((choice) => choice !== 'oracle')
  return found.sort((a, b) => Number(b === 'card') - Number(a === 'card'))
}
export const sets = () => distinct(comparisons.map((line) => line.set))
export const shownSets = () => sets().filter((set) => state.set === '' || state.set === set)
export const choiceName = (choice: string) => (choice === 'card' ? 'recorded' : choice)

export function readData(): void {
  data = JSON.parse(byId('data').textContent!) as Data
  comparisons = rowsOf<Comparison>(data.comparisons)
  steps = rowsOf<Step>(data.steps)
  checks = rowsOf<Check>(data.checks)
  state.choice = choices().includes('card') ? 'card' : (choices()[0] ?? 'card')
  state.set = sets().length === 1 || sets().length > 8 ? sets()[0]! : ''
}
