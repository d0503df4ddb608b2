// SPDX-License-Identifier: MIT
// Panel plugins for the types that the dashboards use, drawn with the components of @grafana/ui that Grafana's own plugins are made of.
// Another type has no renderer, and its panel says so.
import {
  cacheFieldDisplayNames, getDisplayProcessor, getDisplayValueAlignmentFactors, getFieldDisplayValues, PanelPlugin, VizOrientation,
} from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { BarGauge, BigValue, TimeSeries, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { tableOptions, timeseriesOptions } from './fields.js';

function Empty({ fieldConfig }) {
  return <div className="empty">{fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

/** uPlot draws finite numbers and gaps. */
function drawable(frame) {
  return {
    ...frame,
    fields: frame.fields.map((field) => (field.type === 'number' ? { ...field, values: field.values.map((value) => (Number.isFinite(value) ? value : null)) } : field)),
  };
}

function TimeSeriesPanel({ data, timeRange, timeZone, width, height, options, fieldConfig, replaceVariables }) {
  if (data.series.length === 0) return <Empty fieldConfig={fieldConfig} />;
  cacheFieldDisplayNames(data.series);
  return (
    <TimeSeries frames={data.series.map(drawable)} structureRev={data.structureRev} timeRange={timeRange} timeZone={timeZone} width={width} height={height}
      legend={options.legend} replaceVariables={replaceVariables}>
      {() => null}
    </TimeSeries>
  );
}

function TablePanel({ data, width, height, options, fieldConfig }) {
  const frame = data.series[0];
  if (!frame || frame.length === 0) return <Empty fieldConfig={fieldConfig} />;
  cacheFieldDisplayNames(data.series);
  return (
    <TableNG data={frame} width={width} height={height} noHeader={!options.showHeader} cellHeight={options.cellHeight} initialSortBy={options.sortBy}
      fieldConfig={fieldConfig} structureRev={data.structureRev} enableVirtualization={false} getActions={() => []} />
  );
}

/** Stat and bar gauge: one picture per value, by the same component. */
function Repeated({ data, width, height, options, fieldConfig, replaceVariables, timeZone, renderCounter, sparkline = false, draw, ...layout }) {
  const theme = useTheme2();
  const getValues = () => getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, data: data.series, sparkline, timeZone });
  if (data.series.every((frame) => frame.length === 0)) return <Empty fieldConfig={fieldConfig} />;
  return (
    <VizRepeater source={data} getValues={getValues} getAlignmentFactors={getDisplayValueAlignmentFactors} width={width} height={height}
      renderCounter={renderCounter} orientation={options.orientation ?? VizOrientation.Auto} itemSpacing={8} {...layout}
      renderValue={(shown) => <div className="one-value">{draw(shown, theme)}</div>} />
  );
}

/** One value alone needs no name, unless the panel gives one. */
function named({ value, count }, fieldConfig) {
  return count === 1 && !fieldConfig.defaults.displayName ? { ...value.display, title: undefined } : value.display;
}

function StatPanel(panel) {
  const { options, timeRange } = panel;
  const sparkline = options.graphMode !== 'none';
  return (
    <Repeated {...panel} sparkline={sparkline} autoGrid draw={({ value, alignmentFactors, width, height, count }, theme) => (
      <BigValue value={value.display} sparkline={value.sparkline && { ...value.sparkline, timeRange }} count={count} width={width} height={height} theme={theme}
        colorMode={options.colorMode} graphMode={options.graphMode} justifyMode={options.justifyMode} textMode={options.textMode}
        alignmentFactors={alignmentFactors} text={options.text} />
    )} />
  );
}

function BarGaugePanel(panel) {
  const { options, fieldConfig } = panel;
  return (
    <Repeated {...panel} minVizHeight={16} maxVizHeight={300} minVizWidth={8} draw={(shown, theme) => (
      <BarGauge value={named(shown, fieldConfig)} field={shown.value.field} width={shown.width} height={shown.height} theme={theme} orientation={shown.orientation}
        display={shown.value.view?.getFieldDisplayProcessor(shown.value.colIndex) ?? getDisplayProcessor({ field: { config: shown.value.field }, theme })}
        text={options.text} itemSpacing={8} displayMode={options.displayMode} showUnfilled={options.showUnfilled} valueDisplayMode={options.valueMode}
        namePlacement={options.namePlacement} alignmentFactors={shown.count > 1 ? shown.alignmentFactors : undefined} isOverflow={false} />
    )} />
  );
}

const reduceOptions = { values: false, calcs: ['lastNotNull'], fields: '' };
const palette = { standardOptions: { color: { defaultValue: { mode: 'palette-classic' } } } };
const byThreshold = { standardOptions: { color: { defaultValue: { mode: 'thresholds' } } } };

/** Plugins by type, with the defaults that Grafana's have. */
export const plugins = {
  timeseries: new PanelPlugin(TimeSeriesPanel).useFieldConfig({ ...palette, useCustomConfig: timeseriesOptions })
    .setDefaults({ legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] }, tooltip: { mode: 'single', sort: 'none' } }),
  table: new PanelPlugin(TablePanel).useFieldConfig({ ...byThreshold, useCustomConfig: tableOptions })
    .setDefaults({ showHeader: true, cellHeight: 'sm', sortBy: [] }),
  stat: new PanelPlugin(StatPanel).useFieldConfig(byThreshold)
    .setDefaults({ reduceOptions, graphMode: 'area', colorMode: 'value', justifyMode: 'auto', textMode: 'auto', orientation: 'auto' }),
  bargauge: new PanelPlugin(BarGaugePanel).useFieldConfig(byThreshold)
    .setDefaults({ reduceOptions, displayMode: 'gradient', valueMode: 'color', namePlacement: 'auto', showUnfilled: true, orientation: 'auto' }),
};

export function registerPlugins() {
  for (const [pluginId, plugin] of Object.entries(plugins)) sceneUtils.registerRuntimePanelPlugin({ pluginId, plugin });
}
