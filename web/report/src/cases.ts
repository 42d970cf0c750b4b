// SPDX-License-Identifier: Apache-2.0
// Best, median and worst objects as drawings: a picture below, outlines and prompts as vectors above.
import {
  choiceName,
  columnName,
  data,
  dataSet,
  shownSets,
  type Box,
  type Case,
  type Drawing,
  type Prompt,
} from './data'
import { byId, count, dialogById, element, fixed, inputById, svg } from './dom'
import { swatch } from './swatch'

// The truth is a thinner line on top, so that both show where they agree.
// Paths count from the corner of the first pixel, prompts from its centre.
function outline(path: string, className: 'truth' | 'prediction'): SVGElement | null {
  if (path === '') return null
  return svg(
    'g',
    { class: `layer-${className}`, transform: 'translate(-0.5 -0.5)' },
    className === 'prediction'
      ? svg('path', { d: path, class: 'prediction fill', 'fill-rule': 'evenodd' })
      : null,
    className === 'prediction' ? svg('path', { d: path, class: 'casing' }) : null,
    svg('path', { d: path, class: className }),
  )
}

function promptLayer(prompt: Prompt, unit: number): SVGElement {
  const boxes = prompt.boxes.flatMap(([x0, y0, x1, y1]) =>
    ['box casing', 'box'].map((className) =>
      svg('rect', {
        x: x0,
        y: y0,
        width: Math.max(0, x1 - x0),
        height: Math.max(0, y1 - y0),
        class: className,
      }),
    ),
  )
  const points = prompt.points.flatMap(([x, y, positive]) => {
    const arm = 3.2 * unit
    const bar = `M${x - arm} ${y}H${x + arm}`
    return [
      svg('circle', {
        cx: x,
        cy: y,
        r: 6 * unit,
        class: `point ${positive ? 'positive' : 'negative'}`,
        'stroke-width': 1.3 * unit,
      }),
      svg('path', {
        d: positive ? `${bar}M${x} ${y - arm}V${y + arm}` : bar,
        class: 'point-sign',
        'stroke-width': 1.6 * unit,
        style: 'vector-effect:none',
      }),
    ]
  })
  return svg('g', { class: 'layer-prompt' }, boxes, points)
}

function pictureOf(number: number, [x0, y0, x1, y1]: Box, shown: number): SVGElement {
  const width = x1 - x0 + 1
  return svg('image', {
    href: data.cases.pictures[number],
    x: x0 - 0.5,
    y: y0 - 0.5,
    width,
    height: y1 - y0 + 1,
    preserveAspectRatio: 'none',
    style: width < shown / 2 ? 'image-rendering:pixelated' : null,
  })
}

const viewBox = ([x0, y0, x1, y1]: Box) => `${x0 - 0.5} ${y0 - 0.5} ${x1 - x0 + 1} ${y1 - y0 + 1}`

// shown: its side on the page in CSS pixels, about.
function drawingOf(line: Case, drawing: Drawing, shown: number): SVGElement[] {
  const whole: Box = [0, 0, drawing.width - 1, drawing.height - 1]
  const closer = inputById('show-closer').checked ? drawing.closer : undefined
  const box = closer ? closer.box : whole
  const unit = Math.max(box[2] - box[0], box[3] - box[1]) / shown
  const main = svg(
    'svg',
    { viewBox: viewBox(box), role: 'img', 'aria-label': caseText(line) },
    pictureOf(closer ? closer.picture : drawing.picture, box, shown),
    outline(drawing.prediction, 'prediction'),
    outline(drawing.truth, 'truth'),
    promptLayer(drawing.prompt, unit),
  )
  if (!closer) return [main]
  const [x0, y0, x1, y1] = closer.box
  return [
    main,
    svg(
      'svg',
      { class: 'inset', viewBox: viewBox(whole), 'aria-hidden': 'true' },
      pictureOf(drawing.picture, whole, 0),
      svg('rect', { x: x0, y: y0, width: x1 - x0, height: y1 - y0, class: 'where' }),
    ),
  ]
}

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

function caseFigure(line: Case): HTMLElement {
  const { drawing } = line
  if (!drawing) {
    const gone = element('div', { class: 'frame none' }, 'This picture could not be had any more.')
    return element('figure', { class: 'case' }, gone, caseCaption(line))
  }
  const attributes = { type: 'button', class: 'frame', 'aria-label': `Enlarge ${caseText(line)}` }
  const frame = element('button', attributes, drawingOf(line, drawing, 200))
  frame.addEventListener('click', () => enlarge(line, drawing))
  return element('figure', { class: 'case' }, frame, caseCaption(line))
}

function enlarge(line: Case, drawing: Drawing): void {
  const dialog = dialogById('enlarged')
  const close = element('button', { type: 'button', class: 'close' }, 'Close')
  close.addEventListener('click', () => dialog.close())
  const frame = element('div', { class: 'frame' }, drawingOf(line, drawing, 600))
  dialog.replaceChildren(close, element('figure', { class: 'case' }, frame, caseCaption(line)))
  dialog.showModal()
}

export function drawCasesLegend(): void {
  const dot = (className: string, sign: string) =>
    svg(
      'svg',
      { width: 16, height: 16, viewBox: '-8 -8 16 16', 'aria-hidden': 'true' },
      svg('circle', { r: 6, class: `point ${className}`, 'stroke-width': 1.3 }),
      svg('path', { d: sign, class: 'point-sign', 'stroke-width': 1.6 }),
    )
  const bar = 'M-3.2 0H3.2'
  byId('cases-legend').replaceChildren(
    element('span', {}, swatch('var(--truth)', null, 3), 'truth'),
    element('span', {}, swatch('var(--prediction)', null, 3), 'prediction'),
    element('span', {}, dot('positive', `${bar}M0 -3.2V3.2`), 'point on the object'),
    element('span', {}, dot('negative', bar), 'point beside it'),
    element('span', {}, swatch('var(--text)', [5, 3], 1.6), 'box'),
    element('span', { class: 'screen' }, 'Click a picture to enlarge it.'),
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
          element('div', { class: 'cases' }, own.map(caseFigure)),
        ]
      }),
    ]
  })
  const none = element('p', { class: 'empty' }, 'None are shown for this data set.')
  byId('cases-body').replaceChildren(...(parts.length > 0 ? parts : [none]))
}
