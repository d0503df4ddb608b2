// SPDX-License-Identifier: MIT
// The field options that Grafana registers when it starts: the standard ones with its own processors from @grafana/data, and the custom
// ones of our panel types. What is not registered is ignored by applyFieldOverrides(), as in Grafana.
import {
  booleanOverrideProcessor, dataLinksOverrideProcessor, displayNameOverrideProcessor, identityOverrideProcessor, numberOverrideProcessor,
  stringOverrideProcessor, thresholdsOverrideProcessor, unitOverrideProcessor, valueMappingsOverrideProcessor,
} from '@grafana/data';
import { commonOptionsBuilder } from '@grafana/ui';

/** An option is its place and how a value becomes a setting. */
function option(id, process, more = {}) {
  return { id, path: id, name: id, category: ['Standard options'], editor: () => null, override: () => null, process, shouldApply: () => true, settings: {}, ...more };
}

export const standardOptions = [
  option('unit', unitOverrideProcessor),
  option('min', numberOverrideProcessor),
  option('max', numberOverrideProcessor),
  option('fieldMinMax', booleanOverrideProcessor),
  option('decimals', numberOverrideProcessor),
  option('displayName', displayNameOverrideProcessor),
  option('description', stringOverrideProcessor),
  option('noValue', stringOverrideProcessor),
  option('filterable', booleanOverrideProcessor),
  option('color', identityOverrideProcessor),
  option('thresholds', thresholdsOverrideProcessor),
  option('mappings', valueMappingsOverrideProcessor, { defaultValue: [] }),
  option('links', dataLinksOverrideProcessor, { defaultValue: [] }),
];

/** No editor is ever drawn, but the builders of @grafana/ui ask for each kind. */
export const editors = ['text', 'number', 'slider', 'boolean', 'radio', 'select', 'multi-select', 'color', 'unit', 'strings', 'field-name']
  .map((id) => ({ id, name: id, editor: () => null }));

function register(builder, defaults) {
  for (const [id, defaultValue] of Object.entries(defaults))
    builder.addCustomEditor({ ...option(id, identityOverrideProcessor), category: [id], defaultValue });
}

/** useCustomConfig of the time series panel: lines by name, axis, stacking and hiding as @grafana/ui registers them. */
export function timeseriesOptions(builder) {
  register(builder, {
    drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, lineStyle: undefined, fillOpacity: 0, fillBelowTo: undefined, gradientMode: 'none',
    barAlignment: 0, barWidthFactor: 0.6, showPoints: 'auto', pointSize: 5, spanNulls: false, insertNulls: false, thresholdsStyle: { mode: 'off' },
  });
  commonOptionsBuilder.addStackingConfig(builder, { mode: 'none', group: 'A' });
  commonOptionsBuilder.addAxisConfig(builder, {});
  commonOptionsBuilder.addHideFrom(builder);
}

export function tableOptions(builder) {
  register(builder, {
    align: 'auto', cellOptions: { type: 'auto' }, width: undefined, minWidth: undefined, inspect: false, filterable: false, wrapHeaderText: false,
    hidden: false, footer: { reducers: [] },
  });
  commonOptionsBuilder.addHideFrom(builder);
}
