// SPDX-License-Identifier: Apache-2.0
// The prompts compared: distributions of the IoU.

// Places along x for the prompts of a chart, named by their short words.
function promptAxis(names, title) {
  return {
    type: 'quantitative',
    title,
    scale: { domain: [0.5, names.length + 0.5], nice: false },
    axis: {
      values: names.map((_, i) => i + 1),
      grid: false,
      labelExpr: `${JSON.stringify(names)}[datum.value - 1]`,
      labelAngle: 0,
      labelOverlap: false,
    },
  };
}

// Even, but not in rows: the golden ratio's multiples.
const spread = (i) => ((i * 0.618034) % 1) - 0.5;

const SMALL_SET = 40;

function summaryLayers(boxes, x, colour) {
  const values = { values: boxes };
  const tooltip = tipFields(
    ['name', ' '],
    ['n', 'n', ',d'],
    ['mean', 'mean', '.3f'],
    ['median', 'median', '.3f'],
    ['q25', 'lower quartile', '.3f'],
    ['q75', 'upper quartile', '.3f'],
  );
  return [
    {
      data: values,
      mark: { type: 'rule', strokeWidth: 1.2, color: colour },
      encoding: { x: { field: 'at', ...x }, y: { field: 'q5', ...IOU_AXIS }, y2: { field: 'q95' } },
    },
    {
      data: values,
      mark: { type: 'bar', width: 7, color: colour, cornerRadius: 2 },
      encoding: { x: { field: 'at', ...x }, y: { field: 'q25', ...IOU_AXIS }, y2: { field: 'q75' }, tooltip },
    },
    {
      data: values,
      mark: { type: 'tick', orient: 'horizontal', width: 22, thickness: 2, color: colour },
      encoding: { x: { field: 'at', ...x }, y: { field: 'mean', ...IOU_AXIS } },
    },
    {
      data: values,
      mark: {
        type: 'point',
        filled: true,
        opacity: 1,
        size: 34,
        color: 'var(--card)',
        stroke: colour,
        strokeWidth: 1.5,
      },
      encoding: { x: { field: 'at', ...x }, y: { field: 'median', ...IOU_AXIS }, tooltip },
    },
  ];
}

function diamondLayer(values, x) {
  return {
    data: { values },
    mark: {
      type: 'point',
      shape: 'diamond',
      xOffset: 15, // pixels: beside the bar, however wide a place is
      size: 70,
      filled: true,
      opacity: 1,
      color: 'var(--card)',
      stroke: 'var(--published)',
      strokeWidth: 1.8,
    },
    encoding: {
      x: { field: 'at', ...x },
      y: { field: 'mean', ...IOU_AXIS },
      tooltip: tipFields(['name', ' '], ['mean', 'published mean', '.3f']),
    },
  };
}

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// Mean of the published tasks for the columns that are modes.
function publishedMeans(columns) {
  return columns.flatMap((column, i) => {
    const mode = Number(/^mode([1-5])$/.exec(data.columns[column][0])?.[1]);
    if (!mode) return [];
    return [
      {
        at: i + 1,
        name: `Mode ${mode}, 28 tasks, ${publishedKind()}`,
        mean: meanOf(published.modes.map((task) => task[publishedKind()][mode - 1])),
      },
    ];
  });
}

function modesSpec(columns, series) {
  const names = columns.map((column) => columnWords(column)[0]);
  const isMixed = columns.some(isClicks);
  const x = promptAxis(
    isMixed && columns.length <= 4 ? names : names.map((name) => name.replace('Mode ', '')),
    isMixed ? 'prompt' : 'mode',
  );
  const colour = choiceColour(state.choice);
  const bodies = series.flatMap((line, i) =>
    line && line.n > SMALL_SET
      ? line.density.map((value, k) => ({
          group: i,
          iou: k / (line.density.length - 1),
          from: i + 1 - 0.0042 * value,
          to: i + 1 + 0.0042 * value,
        }))
      : [],
  );
  const dots = series.flatMap((line, i) =>
    line && line.n <= SMALL_SET
      ? Array.from({ length: line.sample.length / 2 }, (_, k) => ({
          at: i + 1 + 0.55 * spread(k),
          iou: line.sample[2 * k + 1] / 1000,
          area: line.sample[2 * k],
        }))
      : [],
  );
  const boxes = series.flatMap((line, i) =>
    line
      ? [
          {
            at: i + 1,
            name: columnName(columns[i]),
            n: line.n,
            mean: line.mean,
            q5: line.quantiles[1],
            q25: line.quantiles[2],
            median: line.quantiles[3],
            q75: line.quantiles[4],
            q95: line.quantiles[5],
          },
        ]
      : [],
  );
  return {
    layer: [
      {
        data: { values: bodies },
        mark: { type: 'area', orient: 'horizontal', color: colour, opacity: 0.22 },
        encoding: {
          y: { field: 'iou', ...IOU_AXIS },
          x: { field: 'from', ...x },
          x2: { field: 'to' },
          detail: { field: 'group' },
        },
      },
      {
        data: { values: dots },
        mark: { type: 'point', filled: true, color: colour, size: 20, opacity: 0.45 },
        encoding: {
          x: { field: 'at', ...x },
          y: { field: 'iou', ...IOU_AXIS },
          tooltip: tipFields(['iou', 'IoU', '.3f'], ['area', 'pixels', ',d']),
        },
      },
      ...summaryLayers(boxes, x, colour),
      ...(state.published ? [diamondLayer(publishedMeans(columns), x)] : []),
    ],
  };
}

const quantileOf = (sorted, share) => {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
};

function publishedModesCard() {
  const kind = publishedKind();
  const x = promptAxis(['1', '2', '3', '4', '5'], 'mode');
  const dots = published.modes.flatMap((task, k) =>
    task[kind].map((iou, i) => ({ at: i + 1 + 0.55 * spread(k), iou, name: `${task.task}, mode ${i + 1}` })),
  );
  const boxes = [0, 1, 2, 3, 4].map((i) => {
    const sorted = published.modes.map((task) => task[kind][i]).sort((a, b) => a - b);
    return {
      at: i + 1,
      name: `Mode ${i + 1}, published`,
      n: sorted.length,
      mean: meanOf(sorted),
      q5: quantileOf(sorted, 0.05),
      q25: quantileOf(sorted, 0.25),
      median: quantileOf(sorted, 0.5),
      q75: quantileOf(sorted, 0.75),
      q95: quantileOf(sorted, 0.95),
    };
  });
  return {
    title: 'Published: SAM ViT-H on 28 tasks',
    subtitle: `Mazurowski et al. 2023, their data; a dot is the mean of a task, ${kind === 'oracle' ? 'oracle' : 'most confident mask'}`,
    text: `Published mean IoU over 28 tasks: ${boxes.map((box, i) => `mode ${i + 1} ${fixed(box.mean, 2)}`).join(', ')}.`,
    className: 'theirs',
    height: 320,
    spec: {
      layer: [
        {
          data: { values: dots },
          mark: { type: 'point', filled: true, color: 'var(--published)', size: 22, opacity: 0.6 },
          encoding: {
            x: { field: 'at', ...x },
            y: { field: 'iou', ...IOU_AXIS },
            tooltip: tipFields(['name', ' '], ['iou', 'IoU', '.3f']),
          },
        },
        ...summaryLayers(boxes, x, 'var(--published)'),
      ],
    },
  };
}

function drawModes() {
  const columns = finalColumns();
  const cards = shownSets().flatMap((set) => {
    const series = columns.map((column) => findSeries(set, column, state.choice));
    if (series.every((line) => !line)) return [];
    const means = columns.flatMap((column, i) =>
      series[i] ? [`${columnWords(column)[0]} ${fixed(series[i].mean, 2)}`] : [],
    );
    const most = Math.max(...series.map((line) => line?.n ?? 0));
    return [
      {
        title: data.dataSets[set].name,
        subtitle: `${plural(most, 'object', 'objects')}, ${data.choices[state.choice]}`,
        text: `IoU by prompt, ${data.dataSets[set].name}, means: ${means.join(', ')}.`,
        spec: modesSpec(columns, series),
        height: 320,
      },
    ];
  });
  if (cards.length > 0 && state.published) cards.push(publishedModesCard());
  showCharts('modes', cards);
}
