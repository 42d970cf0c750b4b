// SPDX-License-Identifier: Apache-2.0
// The page of sonde study: controls, and the first drawing of everything.
import { drawCases, drawCasesLegend } from './cases'
import { choiceColour, columnName, data, finalColumns, readData, state } from './data'
import { choiceSegments, options, type Entry } from '../controls'
import { inputById } from '../dom'
import { setUpCaseSwitches } from '../drawing'
import { setUpTheme } from '../theme'
import { drawClicks } from './plot_clicks'
import { drawModes } from './plot_modes'
import { drawSize } from './plot_size'
import { clickTasks } from './published'
import { drawCounts, drawFacts, drawFailures, drawNeeded, drawScores } from './tables'

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
  choiceSegments(
    data.choices.map((name, i) => ({ name, isChosen: i === state.choice, colour: choiceColour(i) })),
    (i) => {
      state.choice = i
      drawAll()
    },
  )
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
  const tasks = clickTasks().map((task): Entry => [task, task])
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

export function drawStudy(): void {
  readData()
  const final = finalColumns()
  state.column = final.find((column) => data.columns[column]!.protocol === 'mode4') ?? final[0] ?? 0
  document.documentElement.toggleAttribute('data-empty', data.scores.set.length === 0)
  setUpTheme()
  setUpControls()
  setUpCaseSwitches(['truth', 'prediction', 'prompt'], drawCases)
  drawCounts()
  drawFacts()
  drawCasesLegend()
  drawSets()
}
