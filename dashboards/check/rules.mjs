// SPDX-License-Identifier: MIT
// What promtool does not ask of the rules: severity, annotations and a runbook for each alert, tests in which it fires and in which it is
// silent, a test of each recording rule, and no name of a metric that docs/metrics.md does not have.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardsDir, documentedMetrics, finish, fromCache, problem, repository } from './common.mjs';
import { inspect } from './promql.mjs';

const yaml = fromCache('yaml');
const read = (name) => yaml.parse(readFileSync(join(dashboardsDir, 'rules', name), 'utf8'));
const rules = read('exitledger.rules.yml').groups.flatMap((group) => group.rules);
const tests = read('exitledger.test.yml').tests;
const runbooks = join(repository, 'docs', 'runbooks');
const pages = new Set(readdirSync(runbooks));
const known = documentedMetrics();
const recorded = new Set(rules.filter((rule) => rule.record).map((rule) => rule.record));

for (const rule of rules) {
  const where = rule.alert ?? rule.record;
  const { valid, selectors } = inspect(rule.expr);
  if (!valid) problem(where, 'not PromQL');
  for (const { metric } of selectors) if (!known.has(metric) && !recorded.has(metric)) problem(where, `docs/metrics.md has no ${metric}`);
}

const alertTests = tests.flatMap((test) => test.alert_rule_test ?? []);
for (const { alert, labels, annotations } of rules.filter((rule) => rule.alert)) {
  if (!/^Exitledger[A-Z]\w+$/.test(alert)) problem(alert, 'name is not Exitledger…');
  if (!['critical', 'warning', 'info'].includes(labels?.severity)) problem(alert, `severity '${labels?.severity}'`);
  if (!/^[^{]+\.$/.test(annotations?.summary ?? '')) problem(alert, 'summary is not a sentence without templates');
  if (!annotations?.description?.includes('{{ $labels.instance }}')) problem(alert, 'description does not name the instance');
  if (annotations?.runbook_url !== `docs/runbooks/${alert}.md`) problem(alert, `runbook_url '${annotations?.runbook_url}'`);
  if (!pages.delete(`${alert}.md`)) problem(alert, `no docs/runbooks/${alert}.md`);
  else {
    const page = readFileSync(join(runbooks, `${alert}.md`), 'utf8');
    for (const heading of [`# ${alert}`, '## What it means', '## How to check', '## What to do'])
      if (!page.split('\n').includes(heading)) problem(alert, `its runbook has no '${heading}'`);
  }
  const own = alertTests.filter((test) => test.alertname === alert);
  if (!own.some((test) => test.exp_alerts?.length > 0)) problem(alert, 'no test in which it fires');
  if (!own.some((test) => !test.exp_alerts?.length)) problem(alert, 'no test in which it is silent');
}
for (const page of pages) if (page !== 'README.md') problem(page, 'a runbook of no alert');

const asked = tests.flatMap((test) => test.promql_expr_test ?? []).flatMap((test) => inspect(test.expr).selectors.map(({ metric }) => metric));
for (const name of recorded) if (!asked.includes(name)) problem(name, 'no test');

finish('rules', `${rules.filter((rule) => rule.alert).length} alerts, ${recorded.size} recording rules`);
