// SPDX-License-Identifier: Apache-2.0
// Vega-Lite charts as cards. Colours are the page's CSS variables, so light, dark and print need no redrawing.
import { View, parse, type Loader, type TooltipHandler } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile, type Config, type TopLevelSpec } from 'vega-lite'
import { byId, element } from './dom'

type Layered = Extract<TopLevelSpec, { layer: unknown }>
export type Spec = Pick<Layered, 'layer' | 'encoding'>
export type Layer = Layered['layer'][number]

export interface Card {
  title: string
  subtitle: string
  text: string // says in words what the chart shows
  spec: Spec
  height: number
  className?: string
}
interface Chart {
  card: HTMLElement
  host: HTMLElement
  height: number
  spec: Spec & { description: string }
  width: number // that it was drawn for
  view?: View
}

const CONFIG: Config = {
  background: null as unknown as undefined, // none; left out it would be white
  font: getComputedStyle(document.documentElement).fontFamily,
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    labelColor: 'var(--muted)',
    titleColor: 'var(--muted)',
    gridColor: 'var(--grid)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelPadding: 6,
    titlePadding: 8,
    aria: false,
  },
  mark: { aria: false },
}
export const IOU_AXIS = {
  type: 'quantitative' as const,
  scale: { domain: [0, 1] },
  title: 'IoU',
  axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
}

const tip = byId('tip')
const showTip: TooltipHandler = (_, event, __, value) => {
  if (value === null || value === undefined || value === '') {
    tip.style.display = 'none'
    return
  }
  tip.textContent = Object.entries(value)
    .map(([key, text]) => (key === ' ' ? text : `${key}: ${text}`))
    .join('\n')
  tip.style.display = 'block'
  const box = tip.getBoundingClientRect()
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8))}px`
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 8))}px`
}
// [field, title, format] for Vega-Lite; a title of one blank stands alone.
export const tipFields = (...fields: [field: string, title: string, format?: string][]) =>
  fields.map(([field, title, format]) => ({
    field,
    title,
    format,
    type: format ? ('quantitative' as const) : ('nominal' as const),
  }))

// Everything a chart could fetch is in the page already.
const refuse = () => Promise.reject(new Error('not loaded'))
const noLoader = { load: refuse, sanitize: refuse } as unknown as Loader

async function renderChart(chart: Chart): Promise<void> {
  const { host, spec } = chart
  chart.width = host.clientWidth
  if (chart.width === 0 || !host.isConnected) return
  const whole: TopLevelSpec = {
    ...spec,
    width: chart.width,
    height: chart.height,
    padding: 2,
    autosize: { type: 'fit', contains: 'padding' },
    config: CONFIG,
  }
  const view = new View(parse(compile(whole).spec, undefined, { ast: true }), {
    renderer: 'svg',
    expr: expressionInterpreter,
    loader: noLoader,
    hover: false,
  })
  view.tooltip(showTip)
  chart.view?.finalize()
  chart.view = view
  await view.initialize(host).runAsync()
  host.setAttribute('role', 'img')
}

// Charts are drawn one after another, so that the page answers in between.
const charts = new Map<string, Chart[]>() // by section
let waiting: Chart[] = []
let isDrawing = false
async function drawWaiting(): Promise<void> {
  if (isDrawing) return
  isDrawing = true
  for (let chart = waiting.shift(); chart; chart = waiting.shift()) {
    await renderChart(chart)
    await new Promise((resolve) => setTimeout(resolve))
  }
  isDrawing = false
  document.documentElement.dataset.drawn = 'all'
}

function chartOf({ title, subtitle, text, spec, height, className }: Card): Chart {
  const host = element('div', { class: 'plot' })
  host.style.minHeight = `${height}px`
  const caption = element('figcaption', {}, title, subtitle ? element('small', {}, subtitle) : null)
  const card = element('figure', { class: `card ${className ?? ''}` }, caption, host)
  return { card, host, height, spec: { ...spec, description: text }, width: 0 }
}

export function showCharts(section: string, cards: Card[]): void {
  for (const chart of charts.get(section) ?? []) {
    chart.view?.finalize()
    waiting = waiting.filter((other) => other !== chart)
  }
  const drawn = cards.map(chartOf)
  const body = byId(`${section}-body`)
  body.classList.toggle('one', drawn.length === 1)
  const none = element('p', { class: 'empty' }, 'Not measured.')
  body.replaceChildren(...(drawn.length > 0 ? drawn.map((chart) => chart.card) : [none]))
  charts.set(section, drawn)
  document.documentElement.dataset.drawn = 'waiting'
  waiting.push(...drawn)
  void drawWaiting()
}

let resizing: ReturnType<typeof setTimeout> | undefined
addEventListener('resize', () => {
  clearTimeout(resizing)
  resizing = setTimeout(() => {
    const resized = [...charts.values()]
      .flat()
      .filter((chart) => Math.abs(chart.host.clientWidth - chart.width) > 1 && !waiting.includes(chart))
    waiting.push(...resized)
    void drawWaiting()
  }, 150)
})
