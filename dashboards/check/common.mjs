// SPDX-License-Identifier: MIT
// What the checks share: packages from .cache/dashboards, the dashboards, problems and how they are said.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const dashboardsDir = join(dirname(fileURLToPath(import.meta.url)), '..');
export const repository = join(dashboardsDir, '..');
export const cache = join(repository, '.cache', 'dashboards');

/** A package of dashboards/check/package.json, as tools/dashboards.sh installed it. */
export const fromCache = createRequire(join(cache, 'package.json'));

/** Every dashboard with its file name. */
export function dashboards() {
  return readdirSync(dashboardsDir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((file) => ({ file, board: JSON.parse(readFileSync(join(dashboardsDir, file), 'utf8')) }));
}

/** All panels of a dashboard, those inside collapsed rows included. */
export function panelsOf(board) {
  return board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** Names of the families in docs/metrics.md, with the series that a histogram makes. */
export function documentedMetrics() {
  const names = new Set(['up']);
  for (const line of readFileSync(join(repository, 'docs', 'metrics.md'), 'utf8').split('\n')) {
    const row = /^\| `((?:exitledger|process)_\w+)` \| (\w+) \|/.exec(line);
    if (!row) continue;
    if (row[2] === 'histogram') for (const end of ['_sum', '_count', '_bucket']) names.add(row[1] + end);
    else names.add(row[1]);
  }
  return names;
}

const problems = [];
export function problem(where, text) {
  problems.push(`${where}: ${text}`);
}

/** Ends a check: its problems on stderr and exit 1, or one line of what was looked at. */
export function finish(name, looked) {
  for (const line of problems) console.error(`${name}: ${line}`);
  if (problems.length > 0) {
    console.error(`${name}: ${problems.length} problem(s)`);
    process.exit(1);
  }
  console.log(`${name}: ${looked}, no problem`);
}
