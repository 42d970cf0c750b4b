// SPDX-License-Identifier: Apache-2.0
// Loss, IoU, gradient norm and the error of the predicted IoU against steps.
import { IOU_AXIS, showCharts, tipFields, type Card, type Layer, type Spec } from '../charts'
import { byId, element, fixed } from '../dom'
import { swatch } from '../swatch'
import { checks, data, distinct, steps, type Check, type Step } from './data'

const LINE_COLOURS = 4

// Mean of what is there within some steps to either side.
function smoothed(key: keyof Step): { step: number; value: number }[] {
  const reach = Math.max(1, Math.round(steps.length / 40))
  return steps.flatMap(({ step }, i) => {
    const near = steps
      .slice(Math.max(0, i - reach), i + reach + 1)
      .flatMap((line) => (line[key] === null ? [] : [line[key]]))
    return near.length === 0 ? [] : [{ step, value: near.reduce((sum, v) => sum + v, 0) / near.length }]
  })
}

const lastStep = () => Math.max(1, ...steps.map((line) => line.step), ...checks.map((line) => line.step))
const stepAxis = () => ({
  field: 'step',
  type: 'quantitative' as const,
  title: 'step',
  scale: { domain: [0, lastStep()], nice: false, padding: 6 },
  axis: { grid: false, format: 'd', tickCount: 6 },
})

const bestRule = (): Layer[] =>
  data.bestStep === null
    ? []
    : [
        {
          data: { values: [{ step: data.bestStep, text: 'kept' }] },
          mark: { type: 'rule', strokeWidth: 1.5, strokeDash: [4, 3], color: 'var(--text)' },
          encoding: { x: stepAxis(), tooltip: tipFields(['text', ' '], ['step', 'step', 'd']) },
        },
      ]

interface YAxis {
  type: 'quantitative'
  title: string
  scale?: object
  axis?: object
}
// Each step as a faint line below the smoothed one.
function courseLayers(key: keyof Step, y: YAxis, colour: string): Layer[] {
  const raw = steps.flatMap((line) => (line[key] === null ? [] : [{ step: line.step, value: line[key] }]))
  return [
    {
      data: { values: raw },
      mark: { type: 'line', strokeWidth: 1, opacity: 0.35, color: colour },
      encoding: { x: stepAxis(), y: { field: 'value', ...y } },
    },
    {
      data: { values: smoothed(key) },
      mark: { type: 'line', strokeWidth: 2, color: colour },
      encoding: { x: stepAxis(), y: { field: 'value', ...y } },
    },
    {
      data: { values: raw },
      mark: { type: 'point', filled: true, size: 40, opacity: 0 },
      encoding: {
        x: stepAxis(),
        y: { field: 'value', ...y },
        tooltip: tipFields(['step', 'step', 'd'], ['value', y.title, '.3g']),
      },
    },
  ]
}

// The recorded choice of each prompt on the validation part; of several data sets the mean.
function validation(prompt: string, value: (line: Check) => number | null) {
  const own = checks.filter(
    (line) => line.part === 'validation' && line.prompt === prompt && line.choice === 'card',
  )
  return distinct(own.map((line) => String(line.step))).map((step) => {
    const values = own.flatMap((line) => (String(line.step) === step ? (value(line) ?? []) : []))
    return { prompt, step: Number(step), value: values.reduce((sum, v) => sum + v, 0) / values.length }
  })
}
export const checkedPrompts = () =>
  distinct(checks.filter((line) => line.part === 'validation').map((line) => line.prompt))

const promptColour = (i: number) => `var(--choice-${i % LINE_COLOURS})`
const promptDash = (i: number) => (i < LINE_COLOURS ? [1, 0] : [5, 3])

function validationLayers(value: (line: Check) => number | null, y: YAxis): Layer[] {
  const prompts = checkedPrompts()
  const rows = prompts
    .flatMap((prompt) => validation(prompt, value))
    .filter((row) => !Number.isNaN(row.value))
  const byPrompt = { field: 'prompt', type: 'nominal' as const, legend: null }
  const color = { ...byPrompt, scale: { domain: prompts, range: prompts.map((_, i) => promptColour(i)) } }
  const strokeDash = { ...byPrompt, scale: { domain: prompts, range: prompts.map((_, i) => promptDash(i)) } }
  const encoding = { x: stepAxis(), y: { field: 'value', ...y }, color }
  return [
    {
      data: { values: rows },
      mark: { type: 'line', strokeWidth: 1.8 },
      encoding: { ...encoding, strokeDash },
    },
    {
      data: { values: rows },
      mark: { type: 'point', filled: true, opacity: 1, size: 26 },
      encoding: {
        ...encoding,
        tooltip: tipFields(['prompt', ' '], ['step', 'step', 'd'], ['value', y.title, '.3f']),
      },
    },
  ]
}

const endText = (name: string, key: keyof Step) => {
  const line = smoothed(key)
  const first = line[0]
  const last = line[line.length - 1]
  return !first || !last
    ? `${name} by step.`
    : `${name} by step: ${fixed(first.value, 2)} at first, ${fixed(last.value, 2)} at the end.`
}

const amount = (title: string): YAxis => ({
  type: 'quantitative',
  title,
  scale: { zero: true, nice: true },
  axis: { tickCount: 5 },
})
const norm = (): YAxis => ({
  type: 'quantitative',
  title: 'gradient norm',
  scale: { type: 'log', nice: true },
  axis: { values: [0.01, 0.1, 1, 10, 100, 1000, 1e4], format: '~g' },
})

function card(title: string, subtitle: string, text: string, layer: Layer[]): Card {
  const spec: Spec = { layer }
  return { title, subtitle, text, spec, height: 280 }
}

function stepCards(): Card[] {
  if (steps.length === 0) return []
  const positive = steps.filter((line) => line.norm !== null && line.norm > 0).length
  return [
    card('Loss', 'training: each step, and smoothed', endText('Loss', 'loss'), [
      ...courseLayers('loss', amount('loss'), 'var(--after)'),
      ...bestRule(),
    ]),
    ...(positive < steps.length
      ? []
      : [
          card('Gradient norm', 'before it is scaled down', endText('Gradient norm', 'norm'), [
            ...courseLayers('norm', norm(), 'var(--after)'),
            ...bestRule(),
          ]),
        ]),
  ]
}

function checkCards(): Card[] {
  if (checkedPrompts().length === 0) return []
  const iou = [
    ...courseLayers('iou', IOU_AXIS, 'var(--before)'),
    ...validationLayers((line) => line.iou, IOU_AXIS),
    ...bestRule(),
  ]
  const error = validationLayers((line) => line.error, amount('predicted IoU off by'))
  return [
    card('IoU', 'validation by prompt; grey: training', endText('Training IoU', 'iou'), iou),
    card('Predicted IoU', 'validation: how far it is off', 'How far the predicted IoU is off, by step.', [
      ...error,
      ...bestRule(),
    ]),
  ]
}

export function drawCurves(): void {
  const prompts = checkedPrompts()
  byId('curves-legend').replaceChildren(
    ...prompts.map((prompt, i) =>
      element('span', {}, swatch(promptColour(i), i < LINE_COLOURS ? null : [5, 3], 2.2), prompt),
    ),
    ...(data.bestStep === null
      ? []
      : [element('span', {}, swatch('var(--text)', [4, 3], 1.5), `kept: step ${data.bestStep}`)]),
  )
  byId('curves-note').textContent =
    prompts.length === 0 ? '' : 'Validation by the rules in force; of several data sets the mean.'
  const [loss, ...norms] = stepCards()
  showCharts('curves', [...(loss ? [loss] : []), ...checkCards(), ...norms])
}
