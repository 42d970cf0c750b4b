// SPDX-License-Identifier: Apache-2.0
// Tables: scores, clicks needed, failures, facts.

const METRICS = {
  iou: { name: 'IoU', digits: 3, overlap: true },
  dice: { name: 'Dice', digits: 3, overlap: true },
  surfaceDice: { name: 'Surface Dice', digits: 3, overlap: true },
  hd95: { name: 'HD95', digits: 1, overlap: false },
  asd: { name: 'Average surface distance', digits: 2, overlap: false },
};

function scrolling(table, name) {
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, table);
}

function tableColumns() {
  const last = data.columns.length - 1;
  return data.columns
    .map((_, i) => i)
    .filter((i) => !isClicks(i) || i === last || [1, 3, 5, 9].includes(data.columns[i][1]));
}

function scoreHead(columns) {
  const edge = columns.findIndex(isClicks);
  const modes = edge === -1 ? columns.length : edge;
  const groups = element(
    'tr',
    {},
    element('td', { colspan: 2, style: 'border:0' }),
    modes > 0 ? element('th', { scope: 'colgroup', colspan: modes }, 'Prompted once') : null,
    edge !== -1
      ? element('th', { scope: 'colgroup', colspan: columns.length - modes, class: 'edge' }, 'After clicks')
      : null,
  );
  const names = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Label'),
    element('th', { scope: 'col' }, 'Scored', element('small', {}, 'of expected')),
    columns.map((column, i) => {
      const [name, words] = columnWords(column);
      return element(
        'th',
        { scope: 'col', class: i === edge ? 'edge' : null },
        name,
        words ? element('small', {}, words) : null,
      );
    }),
  );
  return element('thead', {}, groups, names);
}

function scoreCell(line, metric, usualCount, className) {
  const estimate = line ? scoreOf(line, metric) : 0;
  const { digits, overlap } = METRICS[metric];
  if (estimate === 0) return element('td', { class: className }, '–');
  const [mean, , , n, infinite] = estimate;
  const parts = [element('b', {}, fixed(mean, digits))];
  if (mean !== null && n > 1) parts.push(element('small', {}, range(estimate, digits)));
  if (overlap && n !== usualCount) parts.push(element('small', {}, `n ${count(n)}`));
  if (infinite > 0) parts.push(element('small', {}, `${count(infinite)} infinite`));
  const cell = element('td', { class: overlap ? `tinted ${className ?? ''}` : className }, parts);
  if (overlap) cell.style.setProperty('--value', mean);
  return cell;
}

// One label alone is not said twice.
const rowLabels = (set) => (data.dataSets[set].labels.length === 1 ? [-1] : [-1, ...data.dataSets[set].labels.keys()]);
const rowName = (set, label) => labelName(set, data.dataSets[set].labels.length === 1 ? 0 : label);

function scoreRow(set, label, volume, columns) {
  const lines = columns.map((column) => findScore(set, label, volume, column, state.choice));
  const known = lines.find((line) => line);
  if (!known) return null;
  const scored = known[SCORE_AT.iou] === 0 ? 0 : known[SCORE_AT.iou][3];
  const edge = columns.findIndex(isClicks);
  return element(
    'tr',
    { class: label === -1 ? 'all' : null },
    element('th', { scope: 'row' }, rowName(set, label)),
    element('td', {}, `${count(scored)} / ${count(known[5])}`),
    lines.map((line, i) => scoreCell(line, state.metric, scored, i === edge ? 'edge' : null)),
  );
}

function scoreTable(set) {
  const columns = tableColumns();
  const lines = data.scores.filter((line) => line[0] === set && line[4] === state.choice);
  const body = (volume) => {
    const rows = rowLabels(set)
      .map((label) => scoreRow(set, label, volume, columns))
      .filter((row) => row);
    if (volume === 1 && rows.length > 0) {
      rows.unshift(
        element(
          'tr',
          { class: 'part' },
          element('th', { scope: 'rowgroup', colspan: columns.length + 2 }, 'Whole volumes'),
        ),
      );
    }
    return element('tbody', {}, rows);
  };
  const { name, overlap } = METRICS[state.metric];
  const unit = overlap ? '' : lines.some((line) => line[6] === 1) ? ', mm' : ', pixels';
  const title = data.dataSets[set].name;
  return scrolling(
    element(
      'table',
      {},
      element('caption', {}, title, element('small', {}, `${name}${unit}, ${data.choices[state.choice]}`)),
      scoreHead(columns),
      body(0),
      body(1),
    ),
    `Scores of ${title}`,
  );
}

function drawScores() {
  const empty = data.scores.length === 0;
  const notes = [];
  const estimates = data.scores.map((line) => line[SCORE_AT.iou]).filter((estimate) => estimate !== 0);
  if (estimates.some((estimate) => estimate[3] > 1 && !hasInterval(estimate)))
    notes.push('One image alone gives none.');
  if (!METRICS[state.metric].overlap)
    notes.push('Distances are averaged where both masks have pixels; infinite ones (one mask is empty) are counted below.');
  byId('scores-note').textContent = notes.join(' ');
  byId('scores-body').replaceChildren(
    ...(empty ? [element('p', { class: 'empty' }, 'Nothing was scored.')] : shownSets().map(scoreTable)),
  );
}

function neededRow(set, label, name, thresholds) {
  const lines = thresholds.map((threshold) =>
    data.clicks.find(
      (line) =>
        line[0] === set && line[1] === label && line[2] === state.choice && line[3] === threshold && line[5] !== 0,
    ),
  );
  if (lines.every((line) => !line)) return null;
  return element(
    'tr',
    { class: label === -1 && state.set !== -1 ? 'all' : null },
    element('th', { scope: 'row' }, name),
    lines.flatMap((line) => {
      if (!line) return [element('td', { class: 'edge' }, '–'), element('td', {}, '–')];
      const [mean, , , n] = line[5];
      const isNever = line[6] === n;
      return [
        element(
          'td',
          { class: 'edge' },
          element('b', {}, isNever ? 'never' : fixed(mean, 1)),
          n > 1 && !isNever ? element('small', {}, range(line[5], 1)) : null,
        ),
        element(
          'td',
          {},
          `${Math.round((100 * line[6]) / n)} %`,
          element('small', {}, `${count(line[6])} of ${count(n)}`),
        ),
      ];
    }),
  );
}

// A row per data set; of one data set, a row per label.
function neededTable(thresholds) {
  const rows = (
    state.set === -1
      ? shownSets().map((set) => neededRow(set, -1, data.dataSets[set].name, thresholds))
      : rowLabels(state.set).map((label) => neededRow(state.set, label, rowName(state.set, label), thresholds))
  ).filter((row) => row);
  if (rows.length === 0) return null;
  const head = element(
    'thead',
    {},
    element(
      'tr',
      {},
      element('td', { style: 'border:0' }),
      thresholds.map((threshold) =>
        element('th', { scope: 'colgroup', colspan: 2, class: 'edge' }, `to IoU ${threshold.toFixed(2)}`),
      ),
    ),
    element(
      'tr',
      {},
      element('th', { scope: 'col' }, state.set === -1 ? 'Data set' : 'Label'),
      thresholds.flatMap(() => [
        element('th', { scope: 'col', class: 'edge' }, 'clicks'),
        element('th', { scope: 'col' }, 'never'),
      ]),
    ),
  );
  const title = state.set === -1 ? 'All data sets' : data.dataSets[state.set].name;
  return scrolling(
    element(
      'table',
      {},
      element('caption', {}, title, element('small', {}, data.choices[state.choice])),
      head,
      element('tbody', {}, rows),
    ),
    `Clicks needed, ${title}`,
  );
}

function drawNeeded() {
  const thresholds = [...new Set(data.clicks.map((line) => line[3]))].sort();
  const table = neededTable(thresholds);
  const most = Math.max(0, ...data.clicks.map((line) => line[4]));
  byId('needed-note').textContent =
    table === null
      ? 'No clicks in this study.'
      : `Mean number of clicks until an object first reaches an IoU; objects that never do within ${most} count as ${most}, and where none does there is no mean.`;
  byId('needed-body').replaceChildren(...(table === null ? [] : [table]));
}

function failureTable(lines) {
  const heads = ['Data set', 'Picture', 'Label', 'Kind', 'Reason'].map((name) => element('th', { scope: 'col' }, name));
  const rows = lines.map(([set, image, label, kind, reason]) =>
    element(
      'tr',
      {},
      element('td', {}, data.dataSets[set].name),
      element('td', {}, image),
      element('td', {}, label === null ? 'all' : String(label)),
      element('td', {}, kind.replaceAll('_', ' ')),
      element('td', {}, reason),
    ),
  );
  return scrolling(
    element('table', { class: 'text' }, element('thead', {}, element('tr', {}, heads)), element('tbody', {}, rows)),
    'Failures',
  );
}

// "19 labels that a picture lacks, 3 smaller than --min-area"
function leftOutWords({ absent, belowArea }) {
  const labels = (n) => plural(n, 'label', 'labels');
  if (absent === 0) return `${labels(belowArea)} smaller than --min-area`;
  return `${labels(absent)} that a picture lacks${belowArea > 0 ? `, ${count(belowArea)} smaller than --min-area` : ''}`;
}

function drawFailures() {
  const { count: total, lines } = data.failures;
  const shown = lines.filter((line) => state.set === -1 || line[0] === state.set);
  const body = [];
  if (total === 0) body.push(element('p', {}, 'Nothing: every picture and mask could be used.'));
  else if (total > lines.length)
    body.push(
      element('p', { class: 'note' }, `The first ${count(lines.length)} of ${count(total)}; failures.csv has all.`),
    );
  else if (shown.length < total)
    body.push(element('p', { class: 'note' }, `${count(shown.length)} of ${count(total)} are of the data set shown.`));
  if (shown.length > 0) body.push(failureTable(shown));
  const sets = shownSets().map((set) => data.dataSets[set]);
  const left = sets.filter((set) => set.belowArea > 0 || set.absent > 0);
  if (left.length > 0) {
    body.push(
      element(
        'p',
        { class: 'note' },
        'Not asked for: ',
        left.map((set) => (sets.length === 1 ? '' : `${set.name}: `) + leftOutWords(set)).join('; '),
        '.',
      ),
    );
  }
  byId('failures-body').replaceChildren(...body);
}

function drawCounts() {
  const scored = data.dataSets.map((_, set) =>
    Math.max(
      0,
      ...data.scores
        .filter((line) => line[0] === set && line[1] === -1 && line[2] === 0 && line[7] !== 0)
        .map((line) => line[7][3]),
    ),
  );
  const expected = data.dataSets.map((set) => set.labels.reduce((sum, label) => sum + label[2], 0));
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  const entry = (name, ...value) => element('div', {}, element('dt', {}, name), element('dd', {}, value));
  const failures = data.failures.count;
  const pictures = total(data.dataSets.map((set) => set.pictures));
  byId('counts').replaceChildren(
    entry(total(expected) === 1 ? 'object scored' : 'objects scored', count(total(scored)), element('small', {}, ` of ${count(total(expected))}`)),
    entry(data.dataSets.length === 1 ? 'data set' : 'data sets', count(data.dataSets.length)),
    entry(pictures === 1 ? 'picture found' : 'pictures found', count(pictures)),
    entry(
      failures === 1 ? 'failure' : 'failures',
      failures === 0 ? '0' : element('a', { href: '#failures' }, count(failures)),
    ),
  );
}

function drawFacts() {
  byId('facts').replaceChildren(
    ...data.facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}
