// SPDX-License-Identifier: MIT
// What the checks need to know of a PromQL query with Grafana's variables in it. Prometheus itself is the judge of whether one
// parses (live.mjs); this parser, the one of Prometheus' own web page, is for the rules that look inside.
import { fromCache } from './common.mjs';

const { parser } = fromCache('@prometheus-io/lezer-promql');
/** A duration that no query uses of its own accord stands for $__rate_interval. */
const rateInterval = '4m47s';

/** @returns {{valid, selectors: [{metric, matchers: [{label, op, value}], range, inside}]}} for a query as it stands in a dashboard */
export function inspect(query) {
  const text = query.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', '1h').replaceAll('$__interval', '1m');
  const slice = (node) => text.slice(node.from, node.to);
  const result = { valid: true, selectors: [] };
  parser.parse(text).iterate({
    enter(ref) {
      if (ref.type.isError) result.valid = false;
      if (ref.name !== 'VectorSelector') return;
      const node = ref.node;
      const identifier = node.getChild('Identifier');
      const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => ({
        label: slice(matcher.getChild('LabelName')),
        op: slice(matcher.getChild('MatchOp')),
        value: slice(matcher.getChild('StringLiteral')).slice(1, -1),
      }));
      const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : null;
      const duration = matrix?.getChild('DurationExpr');
      let range = duration ? slice(duration) : null;
      if (range === rateInterval) range = '$__rate_interval';
      let call = matrix?.parent;
      while (call && call.name !== 'FunctionCall') call = ['FunctionCallBody', 'OffsetExpr', 'ParenExpr'].includes(call.name) ? call.parent : null;
      const inside = call ? slice(call.getChild('FunctionIdentifier')) : null;
      result.selectors.push({ metric: identifier ? slice(identifier) : null, matchers, range, inside });
    },
  });
  return result;
}

/** label_values(SELECTOR, label) of a query variable, as {selector, label}; null if it is none. */
export function labelValues(query) {
  const match = /^label_values\((.+),\s*([a-zA-Z_]\w*)\)$/.exec(query);
  return match ? { selector: match[1], label: match[2] } : null;
}
