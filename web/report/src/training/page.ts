// SPDX-License-Identifier: Apache-2.0
// The page of sonde train: controls, and the first drawing of everything.
import { choiceSegments, options } from '../controls'
import { setUpCaseSwitches } from '../drawing'
import { setUpTheme } from '../theme'
import { drawCases, drawCasesLegend } from './cases'
import { drawCurves } from './curves'
import { choiceName, choices, comparisons, readData, sets, state } from './data'
import { drawScores } from './scores'
import { drawAbout, drawChoices, drawClasses, drawCounts, drawGuards, drawSets } from './tables'

function setUpControls(): void {
  const names = sets().map((set): [string, string] => [set, set])
  options('pick-set', names.length === 1 ? names : [['', 'All data sets'], ...names], state.set, (value) => {
    state.set = value
    drawScores()
  })
  choiceSegments(
    choices().map((choice) => ({ name: choiceName(choice), isChosen: choice === state.choice })),
    (i) => {
      state.choice = choices()[i]!
      drawScores()
    },
  )
}

export function drawTraining(): void {
  readData()
  document.documentElement.toggleAttribute('data-empty', comparisons.length === 0)
  setUpTheme()
  setUpControls()
  setUpCaseSwitches(['truth', 'before', 'after', 'prompt'], drawCases)
  drawGuards()
  drawCounts()
  drawScores()
  drawCurves()
  drawChoices()
  drawCasesLegend()
  drawCases()
  drawClasses()
  drawSets()
  drawAbout()
}
