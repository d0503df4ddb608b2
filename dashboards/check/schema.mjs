// SPDX-License-Identifier: MIT
// Every dashboard against JSON schemas derived from the types of @grafana/schema: the dashboard, each panel by itself (so that an
// error names its place), and the options and custom field settings of each panel type.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, dashboards, finish, fromCache, panelsOf, problem } from './common.mjs';

const Ajv = fromCache('ajv').default;
const version = fromCache('@grafana/schema/package.json').version;
const types = join(cache, 'node_modules/@grafana/schema/dist/types/raw');
const customFields = new Set(['timeseries', 'table']); // the panel types of ours that have custom field settings

/** Derives a schema once per version of @grafana/schema. */
function derived(path, type) {
  const directory = join(cache, 'schema', version);
  const file = join(directory, `${path.replaceAll('/', '-')}-${type}.json`);
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    execFileSync(join(cache, 'node_modules/.bin/ts-json-schema-generator'),
      ['--path', join(types, path, 'x/types.gen.d.ts'), '--type', type, '--no-type-check', '--out', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The plugins fill in what a saved dashboard leaves out: nothing is required, unknown names still are errors. */
function withoutRequired(schema) {
  if (Array.isArray(schema)) return schema.map(withoutRequired);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key, value]) => !(key === 'required' && Array.isArray(value)))
    .map(([key, value]) => [key, withoutRequired(value)]));
}

const dashboardSchema = derived('dashboard', 'Dashboard');
// Grafana writes it beside `query`; the types leave it out.
dashboardSchema.definitions.VariableModel.properties.definition = { type: 'string' };
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(dashboardSchema, 'dashboard');

const validators = new Map();
function validator(name, make) {
  if (!validators.has(name)) validators.set(name, ajv.compile(make()));
  return validators.get(name);
}
function check(where, validate, value) {
  if (validate(value)) return;
  for (const error of validate.errors) {
    const detail = error.params.additionalProperty ?? error.params.allowedValues?.join(', ');
    problem(where, `${error.instancePath || '/'} ${error.message}${detail ? ` (${detail})` : ''}`);
  }
}

let panels = 0;
const boards = dashboards();
for (const { file, board } of boards) {
  check(file, validator('Dashboard', () => ({ $ref: 'dashboard#/definitions/Dashboard' })), { ...board, panels: [] });
  for (const panel of panelsOf(board)) {
    const where = `${file}, panel ${panel.id} '${panel.title}'`;
    panels += 1;
    if (panel.type === 'row') {
      check(where, validator('RowPanel', () => ({ $ref: 'dashboard#/definitions/RowPanel' })), panel);
      continue;
    }
    check(where, validator('Panel', () => ({ $ref: 'dashboard#/definitions/Panel' })), panel);
    const path = `composable/${panel.type}/panelcfg`;
    if (!existsSync(join(types, path))) {
      problem(where, `@grafana/schema ${version} has no panel type '${panel.type}'`);
      continue;
    }
    check(`${where}, options`, validator(`${panel.type} options`, () => withoutRequired(derived(path, 'Options'))), panel.options ?? {});
    const custom = panel.fieldConfig?.defaults?.custom;
    if (custom === undefined) continue;
    if (!customFields.has(panel.type)) problem(where, `a ${panel.type} has no custom field settings`);
    else check(`${where}, custom`, validator(`${panel.type} custom`, () => withoutRequired(derived(path, 'FieldConfig'))), custom);
  }
}
finish('schema', `${boards.length} dashboards, ${panels} panels against @grafana/schema ${version}`);
