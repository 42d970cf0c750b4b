// SPDX-License-Identifier: Apache-2.0
// Controls, and the first drawing of everything.
import { drawCases, drawCasesLegend } from './cases'
import { choiceColour, columnName, data, finalColumns, state } from './data'
import { byId, dialogById, element, inputById, selectById } from './dom'
import { drawClicks } from './plot_clicks'
import { drawModes } from './plot_modes'
import { drawSize } from './plot_size'
import { CLICK_TASKS } from './published'
import { drawCounts, drawFacts, drawFailures, drawNeeded, drawScores } from './tables'

type Entry = [key: string | number, text: string]
function options(
  id: string,
  entries: Entry[],
  value: string | number,
  change: (value: string) => void,
): void {
  const select = selectById(id)
  select.replaceChildren(...entries.map(([key, text]) => element('option', { value: key }, text)))
  select.value = String(value)
  select.addEventListener('change', () => change(select.value))
}

function choiceSegments(): void {
  byId('pick-choice').replaceChildren(
    ...data.choices.map((choice, i) => {
      const input = element('input', { type: 'radio', name: 'choice', value: i })
      input.checked = i === state.choice
      input.addEventListener('change', () => {
        state.choice = i
        drawAll()
      })
      const dot = element('i')
      dot.style.setProperty('--dot', choiceColour(i))
      return element('label', {}, input, dot, choice)
    }),
  )
}

function drawAll(): void {
  document.documentElement.toggleAttribute('data-published', state.published)
  drawScores()
  drawClicks()
  drawNeeded()
  drawModes()
  drawSize()
}

function drawSets(): void {
  drawAll()
  drawCases()
  drawFailures()
}

function setUpControls(): void {
  const sets = data.dataSets.map((set, i): Entry => [i, set.name])
  options('pick-set', sets.length === 1 ? sets : [[-1, 'All data sets'], ...sets], state.set, (value) => {
    state.set = Number(value)
    drawSets()
  })
  choiceSegments()
  const published = inputById('pick-published')
  published.addEventListener('change', () => {
    state.published = published.checked
    drawAll()
  })
  const metrics = data.metrics.map((metric): Entry => [metric.name, metric.title])
  options('pick-metric', metrics, state.metric, (value) => {
    state.metric = value
    drawScores()
  })
  const tasks = CLICK_TASKS.map((task): Entry => [task, task])
  options('pick-task', [['', 'mean of the 28'], ...tasks], state.task, (value) => {
    state.task = value
    drawClicks()
  })
  const columns = finalColumns().map((column): Entry => [column, columnName(column)])
  options('pick-column', columns, state.column, (value) => {
    state.column = Number(value)
    drawSize()
  })
}

function setUpCaseSwitches(): void {
  for (const layer of ['truth', 'prediction', 'prompt']) {
    const input = inputById(`show-${layer}`)
    input.addEventListener('change', () =>
      document.documentElement.toggleAttribute(`data-hide-${layer}`, !input.checked),
    )
  }
  byId('show-closer').addEventListener('change', drawCases)
  const dialog = dialogById('enlarged')
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
}

function setUpTheme(): void {
  const button = byId('theme')
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = () =>
    (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark'
  const label = () => {
    button.textContent = isDark() ? 'Light' : 'Dark'
    button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`)
  }
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'
    label()
  })
  system.addEventListener('change', label)
  label()
}

if (data.dataSets.length === 1) state.set = 0
const final = finalColumns()
state.column = final.find((column) => data.columns[column]!.protocol === 'mode4') ?? final[0] ?? 0
document.documentElement.toggleAttribute('data-empty', data.scores.set.length === 0)
setUpTheme()
setUpControls()
setUpCaseSwitches()
drawCounts()
drawFacts()
drawCasesLegend()
drawSets()
