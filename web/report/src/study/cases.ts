// SPDX-License-Identifier: Apache-2.0
// Best, median and worst objects.
import { byId, count, element, fixed } from '../dom'
import { caseFigure, promptLegend, type Outlines } from '../drawing'
import { swatch } from '../swatch'
import { choiceName, columnName, data, dataSet, shownSets, type Case } from './data'

const caseLabel = (line: Case) =>
  (line.labelName === '' ? `label ${line.label}` : line.labelName) +
  (line.object === '' ? '' : ` ${line.object}`)
const caseText = (line: Case) =>
  `${line.rank}: ${line.image}, ${caseLabel(line)}, IoU ${fixed(line.iou, 2)}; truth and prediction outlined`

// Boxes that were predicted apart have their predicted IoUs added.
function predictedText(line: Case): string {
  if (line.predicted === null) return ''
  const boxes = line.drawing?.prompt.boxes.length ?? 1
  return ` · predicted IoU ${fixed(line.predicted, 2)}${boxes > 1 ? `, sum of ${boxes}` : ''}`
}

function caseCaption(line: Case): HTMLElement {
  const scores = `Dice ${fixed(line.dice, 3)} · ${count(line.area)} px${predictedText(line)}`
  return element(
    'figcaption',
    {},
    element(
      'div',
      { class: 'rank' },
      element('b', {}, `IoU ${fixed(line.iou, 3)}`),
      element('span', {}, line.rank),
    ),
    element('div', {}, caseLabel(line)),
    element('small', {}, line.image),
    element('small', {}, scores),
  )
}

function figureOf(line: Case): HTMLElement {
  const { drawing } = line
  const drawn = drawing && {
    drawing,
    outlines: [
      ['prediction', drawing.prediction],
      ['truth', drawing.truth],
    ] as Outlines,
    text: caseText(line),
  }
  return caseFigure(drawn ?? null, data.cases.pictures, () => caseCaption(line))
}

export function drawCasesLegend(): void {
  byId('cases-legend').replaceChildren(
    element('span', {}, swatch('var(--truth)', null, 3), 'truth'),
    element('span', {}, swatch('var(--prediction)', null, 3), 'prediction'),
    ...promptLegend(),
  )
}

export function drawCases(): void {
  const parts = shownSets().flatMap((set) => {
    const lines = data.cases.lines.filter((line) => line.dataSet === set)
    if (lines.length === 0) return []
    const columns = [...new Set(lines.map((line) => line.column))]
    return [
      element('h3', {}, dataSet(set).name),
      ...columns.flatMap((column) => {
        const own = lines.filter((line) => line.column === column)
        return [
          element('h4', {}, `${columnName(column)}, ${choiceName(own[0]!.choice)}`),
          element('div', { class: 'cases' }, own.map(figureOf)),
        ]
      }),
    ]
  })
  const none = element('p', { class: 'empty' }, 'None are shown for this data set.')
  byId('cases-body').replaceChildren(...(parts.length > 0 ? parts : [none]))
}
