// SPDX-License-Identifier: MIT
// A dashboard's JSON as a scene, as Grafana makes one when it opens a dashboard.
import { standardTransformersRegistry } from '@grafana/data';
import {
  DataSourceVariable, EmbeddedScene, QueryVariable, SceneControlsSpacer, SceneDataTransformer, SceneGridItem, SceneGridLayout, SceneGridRow, SceneQueryRunner,
  SceneTimePicker, SceneTimeRange, SceneVariableSet, VariableValueSelectors, VizPanel,
} from '@grafana/scenes';

function variable(model) {
  const { name, label, description, hide, skipUrlSync } = model;
  const common = { name, label, description, hide, skipUrlSync, value: model.current?.value ?? '', text: model.current?.text ?? '', isMulti: model.multi,
    includeAll: model.includeAll, defaultToAll: Boolean(model.includeAll), allValue: model.allValue };
  if (model.type === 'datasource') return new DataSourceVariable({ ...common, pluginId: model.query, regex: model.regex });
  if (model.type !== 'query') throw new Error(`variable '${name}': no type '${model.type}'`);
  const { query, datasource, regex, refresh, sort, definition } = model;
  return new QueryVariable({ ...common, query, datasource, regex, refresh, sort, definition });
}

function panel(model) {
  const { id, type, title, description, options, fieldConfig, datasource, targets, transformations, maxDataPoints, interval, gridPos: { x, y, w, h } } = model;
  // The scene would wait for an answer for ever.
  for (const { id: wanted } of transformations ?? [])
    if (!standardTransformersRegistry.getIfExists(wanted)) throw new Error(`panel '${title}': no transformation '${wanted}'`);
  const runner = new SceneQueryRunner({ datasource, queries: targets ?? [], maxDataPoints, minInterval: interval });
  const $data = transformations?.length ? new SceneDataTransformer({ $data: runner, transformations }) : runner;
  const body = new VizPanel({ key: `panel-${id}`, pluginId: type, title, description, options, fieldConfig, $data });
  return new SceneGridItem({ x, y, width: w, height: h, body });
}

/** Rows with the panels below them: those that they hold if collapsed, those that follow in the list otherwise. */
function layout(panels) {
  const children = [];
  let row = children;
  for (const model of panels) {
    if (model.type !== 'row') {
      row.push(panel(model));
      continue;
    }
    const inside = model.panels.map(panel);
    children.push(new SceneGridRow({ key: `panel-${model.id}`, title: model.title, isCollapsed: model.collapsed, y: model.gridPos.y, children: inside }));
    row = inside;
  }
  return new SceneGridLayout({ isLazy: false, isDraggable: false, children });
}

/** `from` and `to`: milliseconds. */
export function scene(board, from, to) {
  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), timeZone: 'utc' }),
    $variables: new SceneVariableSet({ variables: board.templating.list.map(variable) }),
    controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), new SceneTimePicker({ isOnCanvas: true })],
    body: layout(board.panels),
  });
}
