// SPDX-License-Identifier: Apache-2.0
// Objects as drawings: a picture below, outlines and prompts as vectors above; enlarged in a dialog.
import { byId, dialogById, element, inputById, svg } from './dom'
import { swatch } from './swatch'

// What evaluate/report_drawing.cc gives.
export type Box = [x0: number, y0: number, x1: number, y1: number]
export interface Prompt {
  points: [x: number, y: number, positive: 0 | 1][]
  boxes: Box[]
}
export interface Drawing {
  picture: number
  width: number
  height: number
  prompt: Prompt
  closer?: { picture: number; box: Box }
}
// Outlines from the lowest to the topmost: the truth is last, a thinner line, so that all show where they agree.
export type Outline = 'prediction' | 'before' | 'after' | 'truth'
export type Outlines = [name: Outline, path: string][]

export interface Drawn {
  drawing: Drawing
  outlines: Outlines
  text: string // says in words what it shows
}

// Paths count from the corner of the first pixel, prompts from its centre.
function outline([name, path]: Outlines[number]): SVGElement | null {
  if (path === '') return null
  const line = (className: string) => svg('path', { d: path, class: className, 'fill-rule': 'evenodd' })
  const isThin = name === 'truth'
  return svg(
    'g',
    { class: `layer-${name}`, transform: 'translate(-0.5 -0.5)' },
    isThin ? null : [line(`${name} fill`), line('casing')],
    line(name),
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

function pictureOf(uri: string, [x0, y0, x1, y1]: Box, shown: number): SVGElement {
  const width = x1 - x0 + 1
  return svg('image', {
    href: uri,
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
function drawingOf({ drawing, outlines, text }: Drawn, pictures: string[], shown: number): SVGElement[] {
  const whole: Box = [0, 0, drawing.width - 1, drawing.height - 1]
  const closer = inputById('show-closer').checked ? drawing.closer : undefined
  const box = closer ? closer.box : whole
  const unit = Math.max(box[2] - box[0], box[3] - box[1]) / shown
  const main = svg(
    'svg',
    { viewBox: viewBox(box), role: 'img', 'aria-label': text },
    pictureOf(pictures[closer ? closer.picture : drawing.picture]!, box, shown),
    outlines.map(outline),
    promptLayer(drawing.prompt, unit),
  )
  if (!closer) return [main]
  const [x0, y0, x1, y1] = closer.box
  return [
    main,
    svg(
      'svg',
      { class: 'inset', viewBox: viewBox(whole), 'aria-hidden': 'true' },
      pictureOf(pictures[drawing.picture]!, whole, 0),
      svg('rect', { x: x0, y: y0, width: x1 - x0, height: y1 - y0, class: 'where' }),
    ),
  ]
}

// A picture that opens enlarged, with what `caption` makes below it. Nothing drawn: the picture is gone.
export function caseFigure(drawn: Drawn | null, pictures: string[], caption: () => HTMLElement): HTMLElement {
  if (!drawn) {
    const gone = element('div', { class: 'frame none' }, 'This picture could not be had any more.')
    return element('figure', { class: 'case' }, gone, caption())
  }
  const attributes = { type: 'button', class: 'frame', 'aria-label': `Enlarge ${drawn.text}` }
  const frame = element('button', attributes, drawingOf(drawn, pictures, 200))
  frame.addEventListener('click', () => enlarge(drawn, pictures, caption()))
  return element('figure', { class: 'case' }, frame, caption())
}

function enlarge(drawn: Drawn, pictures: string[], caption: HTMLElement): void {
  const dialog = dialogById('enlarged')
  const close = element('button', { type: 'button', class: 'close' }, 'Close')
  close.addEventListener('click', () => dialog.close())
  const frame = element('div', { class: 'frame' }, drawingOf(drawn, pictures, 600))
  dialog.replaceChildren(close, element('figure', { class: 'case' }, frame, caption))
  dialog.showModal()
}

// Signs of the prompts, for a legend.
export function promptLegend(): HTMLElement[] {
  const dot = (className: string, sign: string) =>
    svg(
      'svg',
      { width: 16, height: 16, viewBox: '-8 -8 16 16', 'aria-hidden': 'true' },
      svg('circle', { r: 6, class: `point ${className}`, 'stroke-width': 1.3 }),
      svg('path', { d: sign, class: 'point-sign', 'stroke-width': 1.6 }),
    )
  const bar = 'M-3.2 0H3.2'
  return [
    element('span', {}, dot('positive', `${bar}M0 -3.2V3.2`), 'point on the object'),
    element('span', {}, dot('negative', bar), 'point beside it'),
    element('span', {}, swatch('var(--text)', [5, 3], 1.6), 'box'),
    element('span', { class: 'screen' }, 'Click a picture to enlarge it.'),
  ]
}

// The check boxes above the pictures; redraw: of those that are drawn otherwise.
export function setUpCaseSwitches(layers: string[], redraw: () => void): void {
  for (const layer of layers) {
    const input = inputById(`show-${layer}`)
    input.addEventListener('change', () =>
      document.documentElement.toggleAttribute(`data-hide-${layer}`, !input.checked),
    )
  }
  byId('show-closer').addEventListener('change', redraw)
  const dialog = dialogById('enlarged')
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
}
