// SPDX-License-Identifier: MIT
// Every query of every variable, panel and rule against real Prometheus servers that hold data of a lab host.
// usage: live.mjs [--may-lack METRIC]… NAME=URL…
// A query must have a finite value in at least one of them (one vendor may lack what the other has), and be an error in none.
// Data of the past: a query is asked for the whole time that was recorded, whether its panel asks for a range or an instant.
import { dashboards, finish, panelsOf, problem } from './common.mjs';
import { inspect, labelValues } from './promql.mjs';

const mayLack = [];
const servers = [];
for (let at = 2; at < process.argv.length; at++) {
  if (process.argv[at] === '--may-lack') mayLack.push(process.argv[++at]);
  else servers.push({ name: process.argv[at].split('=')[0], url: process.argv[at].slice(process.argv[at].indexOf('=') + 1) });
}

async function get(server, path, parameters = {}) {
  const response = await fetch(`${server.url}${path}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (answer.status !== 'success') throw new Error(`${answer.errorType}: ${answer.error}`);
  return answer.data;
}

for (const server of servers) {
  const { numSeries, minTime, maxTime } = (await get(server, '/api/v1/status/tsdb')).headStats;
  if (numSeries === 0) {
    problem(server.name, 'holds no data in its head: what live-scrape.sh records is younger than a block');
    continue;
  }
  server.start = Math.floor(minTime / 1000);
  server.end = Math.ceil(maxTime / 1000);
  server.step = Math.max(1, Math.ceil((server.end - server.start) / 500));
}
const holding = servers.filter((server) => server.end !== undefined);

const rows = [];
let queries = 0;
let most = 0;
/** Asks all servers; `ask` gives how much one has. */
async function everywhere(where, query, ask, { mayBeEmpty = false } = {}) {
  queries += 1;
  const counts = [];
  for (const server of holding) {
    try {
      counts.push(await ask(server));
    } catch (error) {
      problem(`${where}, on ${server.name}`, error.message);
      counts.push('error');
    }
  }
  most += Math.max(0, ...counts.filter(Number.isInteger));
  const lacking = mayLack.find((metric) => query.includes(metric));
  const empty = counts.every((count) => count === 0);
  if (empty && !lacking && !mayBeEmpty) problem(where, `no data: ${query}`);
  rows.push([where, ...counts, empty && lacking ? `(may lack ${lacking}) ${query}` : query]);
}

async function seriesOf(server, query) {
  const { result } = await get(server, '/api/v1/query_range', { query, start: server.start, end: server.end, step: server.step });
  return result.filter((series) => series.values.some(([, value]) => Number.isFinite(Number(value)))).length;
}

/** What Grafana puts in for its variables: the whole recorded time as the range, a minute as the rate's interval. */
function filledIn(query, server, values) {
  return query.replaceAll('$__rate_interval', '1m').replaceAll('$__range', `${server.end - server.start}s`)
    .replace(/\$\{?(\w+)\}?/g, (all, name) => values[name] ?? all);
}

/** The first option in the variable's order: what a dashboard shows when it is opened. */
function first(options, sort) {
  const sorted = [...options].sort((a, b) => (sort >= 3 ? Number(a) - Number(b) : a.localeCompare(b)));
  return sort === 2 || sort === 4 ? sorted.at(-1) : sorted[0];
}

async function askVariables(file, board, values) {
  for (const variable of board.templating.list.filter((one) => one.type === 'query')) {
    const { selector, label } = labelValues(variable.query.query);
    await everywhere(`${file} $${variable.name}`, variable.query.query, async (server) => {
      const options = await get(server, `/api/v1/label/${label}/values`,
        { 'match[]': filledIn(selector, server, values.get(server)), start: server.start, end: server.end });
      values.get(server)[variable.name] = variable.multi ? variable.allValue : first(options, variable.sort);
      return options.length;
    });
  }
}

for (const { file, board } of dashboards()) {
  const values = new Map(holding.map((server) => [server, {}]));
  await askVariables(board.uid, board, values);
  for (const panel of panelsOf(board))
    for (const target of panel.targets ?? [])
      await everywhere(`${board.uid} ${panel.id}${target.refId} ${panel.title}`, target.expr,
        (server) => seriesOf(server, filledIn(target.expr, server, values.get(server))));
}

// A rule that uses what another records is asked with that one's expression in its place. An alert need not fire on the lab's data: there
// each selector by itself must find something, so that no alert waits for a name that does not exist.
const rules = holding.length === 0 ? [] : (await get(holding[0], '/api/v1/rules')).groups.flatMap((group) => group.rules);
const recorded = rules.filter((rule) => rule.type === 'recording');
function unfolded(query) {
  for (const rule of recorded) query = query.replaceAll(new RegExp(`(?<![\\w:])${rule.name}(?![\\w:])`, 'g'), `(${rule.query})`);
  return recorded.some((rule) => query.includes(rule.name)) ? unfolded(query) : query;
}
if (holding.length > 0 && rules.length === 0) problem('rules', 'the server has none');
for (const rule of rules) {
  const query = unfolded(rule.query);
  const alerting = rule.type === 'alerting';
  await everywhere(`${alerting ? 'alert' : 'record'} ${rule.name}`, query, (server) => seriesOf(server, query), { mayBeEmpty: alerting });
  if (!alerting) continue;
  const selectors = new Set(inspect(query).selectors.map(({ metric, matchers }) =>
    `${metric}{${matchers.map(({ label, op, value }) => `${label}${op}"${value}"`).join(',')}}`));
  for (const selector of selectors) await everywhere(`  its selector`, selector, (server) => seriesOf(server, selector));
}

const title = ['query of', ...holding.map((server) => server.name), 'query'];
const widths = title.map((text, column) => Math.max(...[title, ...rows].map((row) => String(row[column]).length)));
for (const row of [title, ...rows])
  console.log(row.map((cell, column) => (column === 0 || column === row.length - 1 ? String(cell).padEnd(column === 0 ? widths[0] : 0) : String(cell).padStart(widths[column]))).join('  '));
finish('queries', `${queries} on ${holding.map((server) => server.name).join(' and ')}, ${most} series`);
