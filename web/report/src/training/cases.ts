// SPDX-License-Identifier: Apache-2.0
// Objects of the test part with the truth and both models' outlines.
import { byId, element, fixed } from '../dom'
import { caseFigure, promptLegend, type Outlines } from '../drawing'
import { swatch } from '../swatch'
import { choiceName, data, distinct, type Case } from './data'

const objectName = (line: Case) => [line.label_name, line.object].filter((text) => text !== '').join(' ')
const caseText = (line: Case) =>
  `${line.rank}: ${line.image}, ${objectName(line)}, IoU ${fixed(line.iou_before, 2)} before and ${fixed(line.iou_after, 2)} after; truth and both outlined`

function caption(line: Case): HTMLElement {
  const ious = `IoU ${fixed(line.iou_before, 2)} → ${fixed(line.iou_after, 2)}`
  const thought = `predicted ${fixed(line.predicted_before, 2)} → ${fixed(line.predicted_after, 2)}`
  return element(
    'figcaption',
    {},
    element('div', { class: 'rank' }, element('b', {}, ious), element('span', {}, line.rank)),
    element('div', {}, objectName(line)),
    element('small', {}, `${line.dataset}, ${line.image}`),
    element('small', {}, thought),
  )
}

function figureOf(line: Case): HTMLElement {
  const { drawing } = line
  const drawn = drawing && {
    drawing,
    outlines: [
      ['before', drawing.before],
      ['after', drawing.after],
      ['truth', drawing.truth],
    ] as Outlines,
    text: caseText(line),
  }
  return caseFigure(drawn ?? null, data.cases?.pictures ?? [], () => caption(line))
}

export function drawCasesLegend(): void {
  byId('cases-legend').replaceChildren(
    element('span', {}, swatch('var(--truth)', null, 3), 'truth'),
    element('span', {}, swatch('var(--muted)', [4, 3], 2), 'before'),
    element('span', {}, swatch('var(--prediction)', null, 3), 'after'),
    ...promptLegend(),
  )
}

export function drawCases(): void {
  const lines = data.cases?.lines ?? []
  const parts = distinct(lines.map((line) => line.prompt_kind)).flatMap((prompt) => {
    const own = lines.filter((line) => line.prompt_kind === prompt)
    return [
      element('h3', {}, `${prompt}, ${choiceName(own[0]!.choice)}`),
      element('div', { class: 'cases' }, own.map(figureOf)),
    ]
  })
  const none = element('p', { class: 'empty' }, 'This run has no pictures of test objects.')
  byId('cases-body').replaceChildren(...(parts.length > 0 ? parts : [none]))
}
