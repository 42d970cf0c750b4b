// SPDX-License-Identifier: Apache-2.0
// Controls, and the first drawing of everything.

function options(select, entries, value, change) {
  select.replaceChildren(...entries.map(([key, text]) => element('option', { value: key }, text)));
  select.value = String(value);
  select.addEventListener('change', () => change(select.value));
}

function choiceSegments() {
  byId('pick-choice').replaceChildren(
    ...data.choices.map((choice, i) => {
      const input = element('input', { type: 'radio', name: 'choice', value: i });
      input.checked = i === state.choice;
      input.addEventListener('change', () => {
        state.choice = i;
        drawAll();
      });
      const dot = element('i');
      dot.style.setProperty('--dot', choiceColour(i));
      return element('label', {}, input, dot, choice);
    }),
  );
}

function drawAll() {
  document.documentElement.toggleAttribute('data-published', state.published);
  drawScores();
  drawClicks();
  drawNeeded();
  drawModes();
  drawSize();
}

function drawSets() {
  drawAll();
  drawCases();
  drawFailures();
}

function setUpControls() {
  options(
    byId('pick-set'),
    [...(data.dataSets.length === 1 ? [] : [[-1, 'All data sets']]), ...data.dataSets.map((set, i) => [i, set.name])],
    state.set,
    (value) => {
      state.set = Number(value);
      drawSets();
    },
  );
  choiceSegments();
  byId('pick-published').addEventListener('change', (event) => {
    state.published = event.target.checked;
    drawAll();
  });
  options(
    byId('pick-metric'),
    Object.entries(METRICS).map(([key, metric]) => [key, metric.name]),
    state.metric,
    (value) => {
      state.metric = value;
      drawScores();
    },
  );
  options(
    byId('pick-task'),
    [['', 'mean of the 28'], ...published.clickTasks.map((task) => [task, task])],
    state.task,
    (value) => {
      state.task = value;
      drawClicks();
    },
  );
  options(
    byId('pick-column'),
    finalColumns().map((column) => [column, columnName(column)]),
    state.column,
    (value) => {
      state.column = Number(value);
      drawSize();
    },
  );
}

function setUpCaseSwitches() {
  for (const layer of ['truth', 'prediction', 'prompt']) {
    const input = byId(`show-${layer}`);
    input.addEventListener('change', () =>
      document.documentElement.toggleAttribute(`data-hide-${layer}`, !input.checked),
    );
  }
  byId('show-closer').addEventListener('change', drawCases);
  byId('enlarged').addEventListener('click', (event) => {
    if (event.target === byId('enlarged')) byId('enlarged').close();
  });
}

function setUpTheme() {
  const button = byId('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const label = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
  };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    label();
  });
  system.addEventListener('change', label);
  label();
}

if (data.dataSets.length === 1) state.set = 0;
state.column = finalColumns().find((column) => data.columns[column][0] === 'mode4') ?? finalColumns()[0] ?? 0;
document.documentElement.toggleAttribute('data-empty', data.scores.length === 0);
setUpTheme();
setUpControls();
setUpCaseSwitches();
drawCounts();
drawFacts();
drawCasesLegend();
drawSets();
