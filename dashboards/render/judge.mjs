// SPDX-License-Identifier: MIT
// What must hold for each panel of a dashboard that was opened on recorded data. No panel may be without data: what is healthy on the labs'
// data is a series of zeros, never none.

/** The least of `shown` that is all: a graph, a stat and a bar gauge show each series, a table at least as many rows as its longest query. */
function expected({ type, queries }) {
  const series = queries.map((query) => query.series ?? 0);
  return type === 'table' ? Math.max(0, ...series) : series.reduce((sum, count) => sum + count, 0);
}

/** Problems of one panel, as text; `mayLack`: metrics that are newer than the data. */
export function problemsOf(panel, mayLack) {
  const { type, state, errors, queries, columns, visible, cutOff, shown, text } = panel;
  if (errors.length > 0 || state !== 'Done') return [`${state}: ${[...new Set(errors)].join('; ') || 'no answer'}`];
  if (queries.length === 0) return ['asked nothing'];
  const wanted = expected(panel);
  if (wanted === 0) {
    return queries.some(({ query }) => mayLack.some((metric) => query.includes(metric))) ? [] : [`no data: ${queries.map(({ query }) => query).join(' | ')}`];
  }
  const problems = [];
  if (!visible) problems.push('is not visible');
  if (cutOff) problems.push('is wider than its panel');
  if (shown < wanted) problems.push(`shows ${shown} of ${wanted}`);
  if (type === 'table' && shown > wanted * 2) problems.push(`shows ${shown} rows for ${wanted} series: nothing was merged`);
  for (const column of columns) if (/^(Time|__name__|Value( #.)?)$/.test(column)) problems.push(`column '${column}' has no name of its own`);
  if (/\bNaN\b|undefined|\[object/.test(text)) problems.push('says NaN or undefined');
  return problems;
}
