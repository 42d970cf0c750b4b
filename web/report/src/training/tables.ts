// SPDX-License-Identifier: Apache-2.0
// Guards, counts, which mask is right, classes, data and settings.
import { byId, count, element, fixed } from '../dom'
import { rangeText, scrolling } from '../table'
import { checkedPrompts } from './curves'
import { checks, data, distinct, type ClassScore, type DataSet, type Guard } from './data'

const number = (value: number | null) =>
  value === null
    ? 'not finite'
    : Number.isInteger(value)
      ? count(value)
      : Number(value.toPrecision(3)).toString()

function guardItem({ name, before, after, limit, passed }: Guard): HTMLElement {
  return element(
    'li',
    { class: passed ? 'passed' : 'failed' },
    element('b', {}, passed ? 'passed' : 'failed'),
    ' ',
    element('span', {}, name),
    element('small', {}, `${number(before)} → ${number(after)}, limit ${number(limit)}`),
  )
}

// What failed comes first.
export function drawGuards(): void {
  const sorted = [...data.guards].sort((a, b) => Number(a.passed) - Number(b.passed))
  byId('guards').replaceChildren(...sorted.map(guardItem))
}

export function drawCounts(): void {
  byId('counts').replaceChildren(
    ...data.counts.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)),
    ),
  )
}

const head = (names: string[]) =>
  element(
    'thead',
    {},
    element(
      'tr',
      {},
      names.map((name) => element('th', { scope: 'col' }, name)),
    ),
  )
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const nothing = (text: string) => element('p', { class: 'empty' }, text)

// The validation part at the step that was kept: of several data sets the mean.
export function drawChoices(): void {
  const step = data.bestStep ?? Math.max(...checks.map((line) => line.step))
  const own = checks.filter(
    (line) => line.step === step && line.part === 'validation' && line.choice !== 'card',
  )
  const names = distinct(own.map((line) => line.choice))
  const rows = checkedPrompts().map((prompt) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, prompt),
      names.map((choice) => {
        const ious = own.flatMap((line) =>
          line.prompt === prompt && line.choice === choice ? (line.iou ?? []) : [],
        )
        if (ious.length === 0) return element('td', {}, '–')
        const isRecorded = data.rules[prompt] === choice
        const text = fixed(mean(ious), 3)
        const className = isRecorded ? 'recorded tinted' : choice === 'oracle' ? 'edge oracle' : null
        const cell = element('td', { class: className }, isRecorded ? element('b', {}, text) : text)
        if (isRecorded) cell.style.setProperty('--value', '0.6')
        return cell
      }),
    ),
  )
  byId('choice-note').textContent =
    rows.length === 0
      ? ''
      : `IoU of the validation part at step ${step} by the mask chosen. Bold: what the model’s card records, and segment, annotate and study take.`
  const table = element('table', { class: 'choices' }, head(['Prompt', ...names]), element('tbody', {}, rows))
  byId('choice-body').replaceChildren(
    rows.length === 0 ? nothing('Not measured.') : scrolling(table, 'Which mask is right'),
  )
}

const share = (value: number | null) => (value === null ? '–' : `${Math.round(100 * value)} %`)

function classRow(line: ClassScore): HTMLElement {
  const { iou, low, high } = line
  const interval = low === null || high === null ? null : element('small', {}, rangeText(low, high, 2))
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, line.name),
    element('td', {}, count(line.present)),
    element('td', {}, element('b', {}, fixed(iou, 3)), interval),
    element('td', {}, share(line.found)),
    element('td', { class: 'edge' }, count(line.absent)),
    element('td', {}, share(line.foundAbsent)),
  )
}

export function drawClasses(): void {
  const isTaught = data.classes.length > 0
  byId('classes').hidden = !isTaught
  for (const link of document.querySelectorAll<HTMLElement>('nav a[href="#classes"]')) link.hidden = !isTaught
  if (!isTaught) return
  const names = [
    'Class',
    'Pictures with it',
    'IoU',
    'Said to be there',
    'Pictures without it',
    'Said to be there',
  ]
  const table = element('table', {}, head(names), element('tbody', {}, data.classes.map(classRow)))
  byId('classes-body').replaceChildren(
    element('p', { class: 'note' }, 'Test pictures, asked for a class without any other prompt.'),
    scrolling(table, 'Classes'),
  )
}

const PARTS = ['train', 'validation', 'test', 'guard']

function setRow({ name, pictures, objects, parts, licence, citation, source }: DataSet): HTMLElement {
  const known = [licence || 'no licence stated', citation, source].filter((text) => text !== '')
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', {}, count(pictures)),
    element('td', {}, objects === null ? '–' : count(objects)),
    PARTS.map((part) => element('td', { class: part === 'train' ? 'edge' : null }, count(parts[part] ?? 0))),
    element(
      'td',
      { class: 'edge words' },
      known.map((text, i) => (i === 0 ? element('b', {}, text) : element('small', {}, text))),
    ),
  )
}

export function drawSets(): void {
  if (data.sets.length === 0) {
    byId('sets-body').replaceChildren(nothing('Not recorded yet.'))
    return
  }
  const names = ['Data set', 'Pictures', 'Objects', ...PARTS, 'Licence, citation, source']
  const table = element('table', {}, head(names), element('tbody', {}, data.sets.map(setRow)))
  byId('sets-body').replaceChildren(
    element(
      'p',
      { class: 'note' },
      'Train, validation, test and guard: pictures in each part. Guard sets were never trained on.',
    ),
    scrolling(table, 'Data sets'),
  )
}

export function drawAbout(): void {
  byId('notes').replaceChildren(
    ...(data.notes.length === 0
      ? []
      : [
          element(
            'ul',
            {},
            data.notes.map((note) => element('li', {}, note)),
          ),
        ]),
  )
  byId('facts').replaceChildren(
    ...data.facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
  byId('command').textContent = data.command
}
