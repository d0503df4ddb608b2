// SPDX-License-Identifier: MIT
// The rules of grafana/dashboard-linter for Prometheus dashboards, by its names for them, said again here because it needs a Go newer
// than Debian's; where it looks at some panel types only, here all are meant. Then ours: what our own pages promise.
import { dashboards, documentedMetrics, finish, panelsOf, problem } from './common.mjs';
import { inspect, labelValues } from './promql.mjs';

const units = new Set(['none', 'short', 'percentunit', 's', 'bytes', 'cps', 'dateTimeFromNow', 'locale', 'string']); // of the linter's list those that we use
const panelTypes = new Set(['row', 'timeseries', 'stat', 'table', 'bargauge']); // those that can be drawn without Grafana
const known = documentedMetrics();
const datasource = '${datasource}';

function templateRules(file, board) {
  const variables = board.templating.list;
  const sources = variables.filter((variable) => variable.type === 'datasource');
  if (sources.length !== 1) problem(file, 'template-datasource-rule: not exactly one datasource variable');
  for (const { name, label, query } of sources)
    if (name !== 'datasource' || label !== 'Data source' || query !== 'prometheus')
      problem(file, `template-datasource-rule: '${name}' is labelled '${label}' and asks for '${query}'`);
  for (const name of ['job', 'instance']) {
    const variable = variables.find((one) => one.name === name);
    const rule = `template-${name}-rule`;
    if (!variable) {
      problem(file, `${rule}: no variable '${name}'`);
      continue;
    }
    if (variable.type !== 'query') problem(file, `${rule}: not a query variable`);
    if (variable.datasource?.uid !== datasource) problem(file, `${rule}: does not use ${datasource}`);
    if (variable.label !== name[0].toUpperCase() + name.slice(1)) problem(file, `${rule}: labelled '${variable.label}'`);
    if (variable.multi !== true) problem(file, `${rule}: not multi`);
    if (variable.allValue !== '.+') problem(file, `${rule}: allValue is '${variable.allValue}', not '.+'`);
  }
  for (const variable of variables.filter((one) => one.type === 'query')) {
    const where = `${file}, variable '${variable.name}'`;
    if (variable.refresh !== 2) problem(where, 'template-on-time-change-reload-rule: refresh is not 2');
    if (!variable.description) problem(where, 'no description');
    const asked = labelValues(variable.query.query);
    if (!asked) problem(where, 'template-label-promql-rule: not label_values(SELECTOR, label)');
    else queryRules(where, asked.selector, { job: variable.name !== 'job' && variable.name !== 'instance', plain: true });
    if (variable.definition !== variable.query.query) problem(where, 'definition is not its query');
  }
}

/** The rules for one query. `job`: must name job and instance; `plain`: a selector of label_values, where a counter may stand alone. */
function queryRules(where, query, { job = true, plain = false } = {}) {
  const { valid, selectors } = inspect(query);
  if (!valid) problem(where, `target-promql-rule: not PromQL: ${query}`);
  for (const { metric, matchers, range, inside } of selectors) {
    for (const name of job ? ['job', 'instance'] : [])
      if (!matchers.some(({ label, op, value }) => label === name && op === '=~' && value === `$${name}`))
        problem(where, `target-${name}-rule: ${metric} without ${name}=~"$${name}"`);
    if (range && range !== '$__rate_interval' && ['rate', 'irate'].includes(inside))
      problem(where, `target-rate-interval-rule: ${inside}(${metric}[${range}])`);
    if (metric?.endsWith('_total') && !plain && !['rate', 'irate', 'increase'].includes(inside))
      problem(where, `target-counter-agg-rule: ${metric} outside rate, irate and increase`);
    if (!known.has(metric)) problem(where, `docs/metrics.md has no ${metric}`);
  }
}

function panelRules(where, panel) {
  if (!panelTypes.has(panel.type)) problem(where, `panel type '${panel.type}' is not one of ${[...panelTypes].join(', ')}`);
  if (!panel.title) problem(where, 'panel-title-description-rule: no title');
  if (panel.type === 'row') return;
  if (!panel.description) problem(where, 'panel-title-description-rule: no description');
  if (panel.datasource?.uid !== datasource) problem(where, `panel-datasource-rule: does not use ${datasource}`);
  const set = panel.fieldConfig.overrides.flatMap((override) => override.properties).filter((property) => property.id === 'unit').map((property) => property.value);
  for (const unit of [panel.fieldConfig.defaults.unit, ...set]) if (!units.has(unit)) problem(where, `panel-units-rule: unit '${unit}'`);
  if (!panel.targets?.length) problem(where, 'panel-no-targets-rule: no targets');
  const names = new Set();
  for (const target of panel.targets ?? []) {
    if (names.has(target.refId)) problem(where, `refId ${target.refId} twice`);
    names.add(target.refId);
    if (target.datasource?.uid !== datasource) problem(where, `panel-datasource-rule: target ${target.refId} does not use ${datasource}`);
    if (target.instant === target.range) problem(where, `target ${target.refId}: neither instant nor range, or both`);
    queryRules(`${where}, target ${target.refId}`, target.expr);
  }
}

/** No two panels of one dashboard in one place, nothing beyond the grid. */
function gridRules(file, panels) {
  const taken = new Map();
  for (const { id, gridPos: { x, y, w, h } } of panels) {
    if (x + w > 24) problem(file, `panel ${id} reaches beyond the grid`);
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        const place = `${column},${line}`;
        if (taken.has(place)) {
          problem(file, `panels ${taken.get(place)} and ${id} overlap`);
          return;
        }
        taken.set(place, id);
      }
  }
}

/** Every link by path leads to one of our dashboards and hands it variables that it has. */
function linkRules(file, board, byUid) {
  for (const [, path] of JSON.stringify(board).matchAll(/"url":"(\/d\/[^"]+)"/g)) {
    const [, uid, rest] = /^\/d\/([\w-]+)\?(.*)$/.exec(path) ?? [];
    const there = byUid.get(uid);
    if (!there) {
      problem(file, `link to ${path}: no such dashboard`);
      continue;
    }
    for (const [, name] of rest.matchAll(/\bvar-(\w+)=/g))
      if (!there.templating.list.some((variable) => variable.name === name)) problem(file, `link to ${uid}: it has no variable '${name}'`);
  }
  if (!board.links.some((link) => link.type === 'dashboards' && link.tags.includes('exitledger') && link.includeVars && link.keepTime))
    problem(file, 'no links to the other dashboards');
}

const boards = dashboards();
const byUid = new Map(boards.map(({ board }) => [board.uid, board]));
let targets = 0;
for (const { file, board } of boards) {
  if (board.uid !== file.replace(/\.json$/, '')) problem(file, `uid is '${board.uid}'`);
  if (board.editable !== false) problem(file, 'uneditable-dashboard-rule: editable');
  if ('id' in board) problem(file, 'has an id: that is the importing Grafana\'s to give');
  if (!board.tags.includes('exitledger') || !board.title || !board.description) problem(file, 'no tag exitledger, title or description');
  templateRules(file, board);
  const panels = panelsOf(board);
  const ids = new Set(panels.map((panel) => panel.id));
  if (ids.size !== panels.length) problem(file, 'a panel id twice');
  for (const panel of panels) panelRules(`${file}, panel ${panel.id} '${panel.title}'`, panel);
  gridRules(file, panels);
  linkRules(file, board, byUid);
  targets += panels.reduce((sum, panel) => sum + (panel.targets?.length ?? 0), 0);
}
finish('lint', `${boards.length} dashboards, ${targets} queries`);
