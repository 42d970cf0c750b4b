// SPDX-License-Identifier: Apache-2.0
// The page's data and its smallest tools. These files are put into the page one after another, as one script.
//
// data, as evaluate/report_*.cc make it:
//   title, facts [[name, value]], choices [name], columns [[protocol, step]] (modes, then clicks)
//   dataSets [{name, labels [[value, name, tasks, volumes]], pictures, belowArea, absent, failures}]
//   scores [[set, label (-1: all), volume, column, choice, expected, mm, iou, dice, surfaceDice, hd95, asd, sizeRho]]
//     an estimate is [mean, low, high, n], or 0 where there is none; low and high are null where all is of one image; distances have the count of infinite ones behind
//   clicks [[set, label, choice, threshold, most, estimate, never]]
//   series [{key [set, column, choice], n, mean, quantiles [0 5 25 50 75 95 100 %], density [51 places from 0 to 1, most is 100],
//     sample [area, 1000 IoU, area, ...], bySize [[log10 area, lower quartile, median, upper quartile]]}]
//   cases {pictures [data URI], lines [{rank, dataSet, column, choice, image, label, labelName, object, area, iou, dice, predicted,
//     drawing {picture, width, height, truth, prediction, prompt {points [[x, y, positive]], boxes}, closer {picture, box}}}]}
//   failures {count, lines [[set, image, label, kind, reason]]}, published {file: CSV text}
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);

const state = {
  set: data.dataSets.length <= 8 ? -1 : 0, // -1: all
  choice: 0,
  published: false,
  metric: 'iou',
  column: 0,
  task: '', // '': mean of the 28
};

const byId = (id) => document.getElementById(id);

// element('td', {class: 'x'}, 'text', child, ...); text is only ever text.
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}
function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}
function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const fixed = (value, digits) =>
  value === null || value === undefined ? '–' : value.toFixed(digits).replace('-', '−');
const count = (n) => n.toLocaleString('en');
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;
// An estimate whose values all come from one image has no interval.
const hasInterval = (estimate) => estimate[1] !== null && estimate[2] !== null;
const range = (estimate, digits) =>
  hasInterval(estimate) ? `${fixed(estimate[1], digits)}–${fixed(estimate[2], digits)}` : 'one image';

const shownSets = () => data.dataSets.map((_, i) => i).filter((i) => state.set === -1 || state.set === i);

const MODE_WORDS = {
  mode1: ['Mode 1', 'point in the largest region'],
  mode2: ['Mode 2', 'point in each region'],
  mode3: ['Mode 3', 'box round the largest region'],
  mode4: ['Mode 4', 'box round each region'],
  mode5: ['Mode 5', 'one box round all'],
};
// [short, what it means]
function columnWords(column) {
  const [protocol, step] = data.columns[column];
  return MODE_WORDS[protocol] ?? [step === 1 ? '1 click' : `${step} clicks`, ''];
}
const columnName = (column) =>
  columnWords(column)
    .filter((words) => words)
    .join(': ');
const isClicks = (column) => data.columns[column][0] === 'clicks';
// Modes and the last click.
const finalColumns = () =>
  data.columns
    .map((_, i) => i)
    .filter((i) => i + 1 === data.columns.length || data.columns[i + 1][0] !== data.columns[i][0]);

const CHOICE_COLOURS = { confidence: 0, first: 1, oracle: 2, single: 3 };
const choiceColour = (choice) => `var(--choice-${CHOICE_COLOURS[data.choices[choice]] ?? 0})`;

function labelName(set, label) {
  if (label === -1) return 'All labels';
  const [value, name] = data.dataSets[set].labels[label];
  return name === '' ? `Label ${value}` : name;
}

// The estimates of a line of scores by name.
const SCORE_AT = { iou: 7, dice: 8, surfaceDice: 9, hd95: 10, asd: 11, rho: 12 };
const scoreOf = (line, name) => line[SCORE_AT[name]];
const scoreKey = (set, label, volume, column, choice) => [set, label, volume, column, choice].join();
const scoreLines = new Map(data.scores.map((line) => [scoreKey(...line.slice(0, 5)), line]));
const findScore = (set, label, volume, column, choice) => scoreLines.get(scoreKey(set, label, volume, column, choice));

const seriesLines = new Map(data.series.map((line) => [line.key.join(), line]));
const findSeries = (set, column, choice) => seriesLines.get([set, column, choice].join());

// Published tables: a header and rows of cells.
const parseTable = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
const published = {
  methods: ['SAM', 'SAM (oracle)', 'RITM', 'SimpleClick', 'FocalClick'],
  modes: parseTable(data.published.modes)
    .slice(1)
    .map((cells) => ({
      task: cells[1],
      confidence: [2, 4, 6, 8, 10].map((i) => Number(cells[i])),
      oracle: [3, 5, 7, 9, 11].map((i) => Number(cells[i])),
    })),
  clickTasks: parseTable(data.published.SAM)[0].slice(1),
};
// IoU after 1, 2, ... clicks.
function publishedClicks(method, task) {
  const rows = parseTable(task === '' ? data.published.mean : data.published[method]);
  const column = rows[0].indexOf(task === '' ? method : task);
  return rows.slice(1).map((cells) => Number(cells[column]));
}
const publishedKind = () => (data.choices[state.choice] === 'oracle' ? 'oracle' : 'confidence');
