// SPDX-License-Identifier: Apache-2.0
// IoU against clicks.

const DASHES = { SAM: [7, 3], 'SAM (oracle)': [2, 2.5], RITM: [8, 3, 2, 3], SimpleClick: [12, 4], FocalClick: [4, 4] };
const publishedColour = (method) => (method.startsWith('SAM') ? 'var(--text)' : 'var(--published)');

function clickRows(set) {
  return data.scores
    .filter((line) => line[0] === set && line[1] === -1 && line[2] === 0 && isClicks(line[3]) && line[7] !== 0)
    .map((line) => ({
      choice: data.choices[line[4]],
      step: data.columns[line[3]][1],
      mean: line[7][0],
      low: line[7][1],
      high: line[7][2],
      interval: hasInterval(line[7]) ? `${fixed(line[7][1], 3)} to ${fixed(line[7][2], 3)}` : 'none, one image',
    }));
}

function publishedClickRows() {
  if (!state.published) return [];
  return published.methods.flatMap((method) =>
    publishedClicks(method, state.task).map((mean, i) => ({
      choice: `${method} (published)`,
      method,
      step: i + 1,
      mean,
    })),
  );
}

function clicksSpec(rows, theirs) {
  const most = Math.max(2, ...rows.map((row) => row.step), ...theirs.map((row) => row.step));
  const colour = {
    field: 'choice',
    type: 'nominal',
    legend: null,
    scale: { domain: data.choices, range: data.choices.map((_, i) => choiceColour(i)) },
  };
  const x = {
    field: 'step',
    type: 'quantitative',
    title: 'clicks',
    scale: { domain: [1, most], nice: false, padding: 8 },
    axis: {
      values: Array.from({ length: most }, (_, i) => i + 1).filter((i) => most <= 20 || i % 5 === 0),
      format: 'd',
      grid: false,
    },
  };
  const own = { values: rows };
  const tooltip = tipFields(
    ['choice', ' '],
    ['step', 'clicks'],
    ['mean', 'IoU', '.3f'],
    ['interval', '95 % interval'],
  );
  const selected = `datum.choice === ${JSON.stringify(data.choices[state.choice])}`;
  return {
    encoding: { x },
    layer: [
      {
        data: { values: theirs },
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          y: { field: 'mean', ...IOU_AXIS },
          stroke: {
            field: 'method',
            type: 'nominal',
            legend: null,
            scale: { domain: published.methods, range: published.methods.map(publishedColour) },
          },
          strokeDash: {
            field: 'method',
            type: 'nominal',
            legend: null,
            scale: { domain: published.methods, range: published.methods.map((method) => DASHES[method]) },
          },
        },
      },
      {
        data: { values: theirs },
        mark: { type: 'point', filled: true, size: 60, opacity: 0 },
        encoding: {
          y: { field: 'mean', ...IOU_AXIS },
          tooltip: tipFields(['choice', ' '], ['step', 'clicks'], ['mean', 'IoU', '.3f']),
        },
      },
      {
        data: { values: rows.filter((row) => row.low !== null) },
        mark: { type: 'area', opacity: 0.14 },
        encoding: { y: { field: 'low', ...IOU_AXIS }, y2: { field: 'high' }, color: colour },
      },
      {
        data: own,
        mark: { type: 'line' },
        encoding: {
          y: { field: 'mean', ...IOU_AXIS },
          color: colour,
          strokeWidth: { condition: { test: selected, value: 2.75 }, value: 1.4 },
        },
      },
      {
        data: own,
        mark: { type: 'point', filled: true, opacity: 1 },
        encoding: {
          y: { field: 'mean', ...IOU_AXIS },
          color: colour,
          tooltip,
          size: { condition: { test: selected, value: 42 }, value: 18 },
        },
      },
    ],
  };
}

function clicksText(set, rows) {
  const lines = data.choices
    .map((choice) => {
      const own = rows.filter((row) => row.choice === choice);
      if (own.length === 0) return null;
      const last = own[own.length - 1];
      return `${choice} from ${fixed(own[0].mean, 2)} after ${own[0].step} to ${fixed(last.mean, 2)} after ${last.step}`;
    })
    .filter((line) => line);
  return `IoU against clicks, ${data.dataSets[set].name}: ${lines.join('; ')}.`;
}

function swatch(colour, dash, width) {
  return svg(
    'svg',
    { width: 30, height: 8, 'aria-hidden': 'true' },
    svg('line', {
      x1: 1,
      x2: 29,
      y1: 4,
      y2: 4,
      stroke: colour,
      'stroke-width': width,
      'stroke-dasharray': dash ? dash.join(' ') : null,
    }),
  );
}

function drawClicks() {
  const theirs = publishedClickRows();
  const cards = shownSets()
    .map((set) => [set, clickRows(set)])
    .filter(([, rows]) => rows.length > 0)
    .map(([set, rows]) => {
      const line = data.scores.find((l) => l[0] === set && l[1] === -1 && l[2] === 0 && isClicks(l[3]) && l[7] !== 0);
      return {
        title: data.dataSets[set].name,
        subtitle: `${count(line[7][3])} of ${count(line[5])} objects; ${rows.some((row) => row.low !== null) ? 'bands: 95 % intervals' : 'one image, so no intervals'}`,
        text: clicksText(set, rows),
        spec: clicksSpec(rows, theirs),
        height: 300,
      };
    });
  const legend =
    cards.length === 0
      ? []
      : data.choices.map((choice, i) =>
          element(
            'span',
            {},
            swatch(choiceColour(i), null, i === state.choice ? 3 : 1.8),
            i === state.choice ? element('b', {}, choice) : choice,
          ),
        );
  if (cards.length > 0 && state.published) {
    const task = state.task === '' ? 'mean of their 28 tasks' : state.task;
    legend.push(
      ...published.methods.map((method) =>
        element('span', {}, swatch(publishedColour(method), DASHES[method], 1.8), method),
      ),
      element('span', {}, `Dashed: published, SAM ViT-H and others on their data (${task})`),
    );
  }
  byId('clicks-legend').replaceChildren(...legend);
  showCharts('clicks', cards);
}
