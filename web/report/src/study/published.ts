// SPDX-License-Identifier: Apache-2.0
// The published figures: tables of a header and rows of cells.
import { choiceName, data, state } from './data'

const tableOf = (name: string): string[][] =>
  data.published[name]!.trim()
    .split('\n')
    .map((line) => line.split(','))

export const METHODS = ['SAM', 'SAM (oracle)', 'RITM', 'SimpleClick', 'FocalClick']
export const publishedModes = () =>
  tableOf('modes')
    .slice(1)
    .map((cells) => ({
      task: cells[1]!,
      confidence: [2, 4, 6, 8, 10].map((i) => Number(cells[i])),
      oracle: [3, 5, 7, 9, 11].map((i) => Number(cells[i])),
    }))
export const clickTasks = () => tableOf('SAM')[0]!.slice(1)

// IoU after 1, 2, ... clicks. task: '' for the mean of all.
export function publishedClicks(method: string, task: string): number[] {
  const [header, ...rows] = tableOf(task === '' ? 'mean' : method)
  const column = header!.indexOf(task === '' ? method : task)
  return rows.map((cells) => Number(cells[column]))
}
export const publishedKind = () => (choiceName(state.choice) === 'oracle' ? 'oracle' : 'confidence')
