// SPDX-License-Identifier: Apache-2.0
// Vega-Lite charts as cards. Colours are the page's CSS variables, so light, dark and print need no redrawing.

const CHART_FONT = getComputedStyle(document.documentElement).fontFamily;
const CHART_CONFIG = {
  background: null,
  font: CHART_FONT,
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    labelColor: 'var(--muted)',
    titleColor: 'var(--muted)',
    gridColor: 'var(--grid)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelPadding: 6,
    titlePadding: 8,
    aria: false,
  },
  mark: { aria: false },
};
const IOU_AXIS = {
  type: 'quantitative',
  scale: { domain: [0, 1] },
  title: 'IoU',
  axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
};

const tip = byId('tip');
function showTip(_, event, __, value) {
  if (value === null || value === undefined || value === '') {
    tip.style.display = 'none';
    return;
  }
  tip.textContent = Object.entries(value)
    .map(([key, text]) => (key === ' ' ? text : `${key}: ${text}`))
    .join('\n');
  tip.style.display = 'block';
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - box.height - 8))}px`;
}
// [{field, title, format}] for Vega-Lite; a title of one blank stands alone.
const tipFields = (...fields) =>
  fields.map(([field, title, format]) => ({ field, title, format, type: format ? 'quantitative' : 'nominal' }));

// Everything a chart could fetch is in the page already.
const noLoader = {
  load: () => Promise.reject(new Error('not loaded')),
  sanitize: () => Promise.reject(new Error('not loaded')),
};

async function renderChart(chart) {
  const { host, spec } = chart;
  chart.width = host.clientWidth;
  if (chart.width === 0 || !host.isConnected) return;
  const whole = {
    ...spec,
    width: chart.width,
    height: chart.height,
    padding: 2,
    autosize: { type: 'fit', contains: 'padding' },
    config: CHART_CONFIG,
  };
  const view = new vega.View(vega.parse(vegaLite.compile(whole).spec, null, { ast: true }), {
    renderer: 'svg',
    expr: vegaInterpreter,
    loader: noLoader,
    hover: false,
  });
  view.tooltip(showTip);
  chart.view?.finalize();
  chart.view = view;
  await view.initialize(host).runAsync();
  host.setAttribute('role', 'img');
}

// Charts are drawn one after another, so that the page answers in between.
const charts = new Map(); // section: its charts
let waiting = [];
let isDrawing = false;
async function drawWaiting() {
  if (isDrawing) return;
  isDrawing = true;
  while (waiting.length > 0) {
    await renderChart(waiting.shift());
    await new Promise((resolve) => setTimeout(resolve));
  }
  isDrawing = false;
  document.documentElement.dataset.drawn = 'all';
}

// cards: [{title, subtitle, text, spec, height, className}]; text says in words what the chart shows.
function showCharts(section, cards) {
  for (const chart of charts.get(section) ?? []) {
    chart.view?.finalize();
    waiting = waiting.filter((other) => other !== chart);
  }
  const drawn = cards.map(({ title, subtitle, text, spec, height, className }) => {
    const host = element('div', { class: 'plot' });
    host.style.minHeight = `${height}px`;
    const card = element(
      'figure',
      { class: `card ${className ?? ''}` },
      element('figcaption', {}, title, subtitle ? element('small', {}, subtitle) : null),
      host,
    );
    return { card, host, height, spec: { ...spec, description: text } };
  });
  const body = byId(`${section}-body`);
  body.classList.toggle('one', drawn.length === 1);
  body.replaceChildren(
    ...(drawn.length > 0
      ? drawn.map((chart) => chart.card)
      : [element('p', { class: 'empty' }, 'Not part of this study.')]),
  );
  charts.set(section, drawn);
  document.documentElement.dataset.drawn = 'waiting';
  waiting.push(...drawn);
  drawWaiting();
}

let resizing = 0;
addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    waiting.push(
      ...[...charts.values()]
        .flat()
        .filter((chart) => Math.abs(chart.host.clientWidth - chart.width) > 1 && !waiting.includes(chart)),
    );
    drawWaiting();
  }, 150);
});
