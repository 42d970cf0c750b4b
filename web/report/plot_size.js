// SPDX-License-Identifier: Apache-2.0
// IoU against the size of objects.

function sizeSpec(line) {
  const points = Array.from({ length: line.sample.length / 2 }, (_, k) => ({
    area: Math.max(1, line.sample[2 * k]),
    iou: line.sample[2 * k + 1] / 1000,
  }));
  const groups = line.bySize.map(([log, low, median, high]) => ({ area: 10 ** log, low, median, high }));
  const x = {
    field: 'area',
    type: 'quantitative',
    scale: { type: 'log', nice: false, padding: 8 },
    title: 'area of the object in pixels',
    axis: { grid: false, format: '~s', tickCount: 5, labelOverlap: true },
  };
  const colour = choiceColour(state.choice);
  return {
    layer: [
      {
        data: { values: points },
        mark: {
          type: 'point',
          filled: true,
          color: colour,
          size: points.length > 500 ? 12 : 22,
          opacity: points.length > 500 ? 0.3 : 0.45,
        },
        encoding: {
          x,
          y: { field: 'iou', ...IOU_AXIS },
          tooltip: tipFields(['area', 'pixels', ',d'], ['iou', 'IoU', '.3f']),
        },
      },
      {
        data: { values: groups },
        mark: { type: 'area', color: 'var(--text)', opacity: 0.1 },
        encoding: { x, y: { field: 'low', ...IOU_AXIS }, y2: { field: 'high' } },
      },
      {
        data: { values: groups },
        mark: { type: 'line', color: 'var(--text)', strokeWidth: 1.8, point: { size: 22, color: 'var(--text)' } },
        encoding: { x, y: { field: 'median', ...IOU_AXIS } },
      },
    ],
  };
}

function drawSize() {
  const lines = shownSets()
    .map((set) => [set, findSeries(set, state.column, state.choice)])
    .filter(([, line]) => line);
  const cards = lines.map(([set, line]) => {
    const name = data.dataSets[set].name;
    const rho = scoreOf(findScore(set, -1, 0, state.column, state.choice) ?? [], 'rho');
    const rank = rho
      ? `Spearman’s ρ ${fixed(rho[0], 2)}${hasInterval(rho) ? ` [${fixed(rho[1], 2)}, ${fixed(rho[2], 2)}]` : ''}`
      : 'no rank correlation (too few objects, or all alike)';
    const shown = line.sample.length / 2;
    return {
      title: name,
      subtitle: `${rank}; ${shown < line.n ? `${count(shown)} of ${count(line.n)} objects drawn` : plural(line.n, 'object', 'objects')}`,
      text: `IoU against size, ${name}: ${rank}.`,
      spec: sizeSpec(line),
      height: 300,
    };
  });
  const parts = lines.length > 0 ? [`${columnName(state.column)}, ${data.choices[state.choice]}.`] : [];
  if (lines.some(([, line]) => line.bySize.length > 0))
    parts.push('Line and band: median and quartiles of equally many neighbours in size, from all objects.');
  if (lines.some(([, line]) => line.sample.length / 2 < line.n))
    parts.push('Where there are too many objects to draw, every so many-th is.');
  byId('size-note').textContent = parts.join(' ');
  showCharts('size', cards);
}
