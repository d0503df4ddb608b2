// SPDX-License-Identifier: MIT
// What can be said of each panel: the state of its data, its queries as they were asked, errors, and what is on the page.
import { sceneGraph, VizPanel } from '@grafana/scenes';

/** How many things a panel shows: lines in its legend, rows of its table, values. */
function shown(type, element) {
  if (type === 'timeseries') return element.querySelector('.uplot canvas') ? element.querySelectorAll('tbody tr').length : 0;
  if (type === 'table') return element.querySelectorAll('[role="row"]').length - 1;
  return element.querySelectorAll('.one-value').length;
}

function panelStatus(panel, asked) {
  const { key, title, pluginId: type, _pluginLoadError: broken } = panel.state;
  const data = sceneGraph.getData(panel).state.data;
  const element = document.querySelector(`[data-viz-panel-key="${key}"]`);
  const errors = (data?.errors ?? []).map((error) => error.message ?? String(error));
  if (broken) errors.push(broken);
  for (const alert of element?.querySelectorAll('[role="alert"]') ?? []) errors.push(alert.textContent);
  return {
    key, title, type, errors,
    state: broken ? 'Error' : data?.state ?? 'NotStarted',
    queries: asked.filter((one) => one.panel === key),
    columns: [...element?.querySelectorAll('[role="columnheader"]') ?? []].map((header) => header.innerText.trim()),
    visible: Boolean(element?.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })),
    cutOff: [...element?.querySelectorAll('[role="grid"]') ?? []].some((grid) => grid.scrollWidth > grid.clientWidth),
    // Changes until all is drawn in its place.
    boxes: [element, ...element?.querySelectorAll('canvas') ?? []].map((one) => Object.values(one?.getBoundingClientRect().toJSON() ?? {}).join()),
    shown: element ? shown(type, element) : 0,
    text: element?.innerText ?? '',
  };
}

/** For the driver: {done, panels}. Done: every panel has its answer. */
export function status(scene, sources) {
  const asked = sources.flatMap((source) => source.asked);
  const panels = sceneGraph.findAllObjects(scene, (object) => object instanceof VizPanel).map((panel) => panelStatus(panel, asked));
  return { done: panels.every(({ state }) => state === 'Done' || state === 'Error'), panels };
}
