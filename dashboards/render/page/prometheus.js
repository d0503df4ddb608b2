// SPDX-License-Identifier: MIT
// A data source that asks a Prometheus as Grafana's does: variables as regular expressions, $__rate_interval, legendFormat, frames for
// graphs and for tables. Each query that was asked is kept for the status.
import { DataSourceApi, dateTime, FieldType } from '@grafana/data';
import { sceneGraph, VizPanel } from '@grafana/scenes';

const escaped = (value) => value.replace(/[\\^$*+?.()|[\]{}]/g, (character) => `\\\\${character}`);

/** How a variable's value stands in a query: as it is, or as alternatives where several can be chosen. */
function asMatcher(value, variable) {
  if (!variable.multi && !variable.includeAll) return String(value).replace(/[\\"]/g, (character) => `\\${character}`);
  const values = [value].flat().map(escaped);
  return values.length === 1 ? values[0] : `(${values.join('|')})`;
}

function legend(format, labels) {
  if (format) return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name) => labels[name] ?? '');
  const { __name__: metric = '', ...rest } = labels;
  return `${metric}{${Object.entries(rest).map(([name, value]) => `${name}="${value}"`).join(', ')}}`;
}

function graphFrames(target, result, stepMs) {
  return result.map(({ metric, values }) => ({
    refId: target.refId,
    length: values.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: stepMs }, values: values.map(([at]) => at * 1000) },
      { name: 'Value', type: FieldType.number, labels: metric, config: { displayNameFromDS: legend(target.legendFormat, metric) }, values: values.map(([, value]) => Number(value)) },
    ],
  }));
}

/** One frame, a column per label; the value's column is named after its query if there are several. */
function tableFrame(target, result, several) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return {
    refId: target.refId,
    length: result.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: result.map(({ values }) => values[0][0] * 1000) },
      ...labels.map((name) => ({ name, type: FieldType.string, config: {}, values: result.map(({ metric }) => metric[name] ?? '') })),
      { name: several ? `Value #${target.refId}` : 'Value', type: FieldType.number, config: {}, values: result.map(({ values }) => Number(values[0][1])) },
    ],
  };
}

export class Prometheus extends DataSourceApi {
  /** `scrapeSeconds`: what Grafana calls the scrape interval of a data source. */
  constructor({ uid, name, scrapeSeconds }) {
    super({ uid, name, type: 'prometheus', id: 0, meta: { id: 'prometheus' }, jsonData: {} });
    this.name = name;
    this.interval = `${scrapeSeconds}s`;
    this.scrapeMs = scrapeSeconds * 1000;
    this.asked = [];
  }

  async get(path, parameters) {
    const response = await fetch(`/prometheus/${this.uid}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = await response.json();
    if (answer.status !== 'success') throw new Error(`${answer.errorType}: ${answer.error}`);
    return answer.data;
  }

  filledIn(text, scoped, range, intervalMs) {
    const duration = (ms) => ({ text: `${Math.round(ms)}ms`, value: `${Math.round(ms)}ms` });
    const __rate_interval = duration(Math.max(intervalMs + this.scrapeMs, 4 * this.scrapeMs));
    const variables = { ...scoped, __rate_interval, __range: duration(range.to.valueOf() - range.from.valueOf()) };
    return sceneGraph.interpolate(scoped.__sceneObject.value.valueOf(), text, variables, asMatcher);
  }

  async ask(target, request, several) {
    const query = this.filledIn(target.expr, request.scopedVars, request.range, request.intervalMs);
    const runner = request.scopedVars.__sceneObject.value.valueOf();
    const asked = { panel: sceneGraph.getAncestor(runner, VizPanel).state.key, refId: target.refId, query };
    this.asked.push(asked);
    const step = Math.max(1, Math.ceil(request.intervalMs / 1000));
    const [start, end] = [request.range.from.valueOf() / 1000, request.range.to.valueOf() / 1000];
    let result;
    if (target.instant) {
      const answer = await this.get('query', { query, time: end });
      result = answer.result.map(({ metric, value }) => ({ metric, values: [value] }));
    } else {
      result = (await this.get('query_range', { query, start: Math.floor(start / step) * step, end, step })).result;
    }
    // A series of nothing but NaN is one that no panel can draw.
    result = result.filter(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));
    asked.series = result.length;
    if (target.format === 'table') return [tableFrame(target, result, several)];
    return graphFrames(target, result, step * 1000);
  }

  async query(request) {
    const targets = request.targets.filter((target) => !target.hide);
    const several = targets.filter((target) => target.format === 'table').length > 1;
    const frames = await Promise.all(targets.map((target) => this.ask(target, request, several)));
    return { data: frames.flat() };
  }

  /** A query variable's options; label_values(SELECTOR, label) is the one form that the dashboards use (check/lint.mjs). */
  async metricFindQuery(query, { range, scopedVars }) {
    const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/.exec(query.query);
    const values = await this.get(`label/${label}/values`, {
      'match[]': this.filledIn(selector, scopedVars, range, 0),
      start: dateTime(range.from).unix(),
      end: Math.ceil(range.to.valueOf() / 1000),
    });
    return values.map((text) => ({ text }));
  }

  async testDatasource() {
    return { status: 'success', message: '' };
  }
}
