// SPDX-License-Identifier: MIT
// What Grafana does when it starts and its libraries expect to be done: theme, registries, services. One call, before any scene.
import {
  createTheme, EventBusSrv, LoadingState, standardEditorsRegistry, standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry,
} from '@grafana/data';
import { config, setAppEvents, setDataSourceSrv, setPluginImportUtils, setRunRequest, setTemplateSrv, toDataQueryError } from '@grafana/runtime';
import { sceneGraph } from '@grafana/scenes';
import { catchError, from, map, of, startWith } from 'rxjs';
import { editors, standardOptions } from './fields.js';

/** Runs a panel's queries and tells their state; an error is the state, not an exception. */
function runRequest(source, request) {
  const data = { series: [], timeRange: request.range, request };
  return from(source.query(request)).pipe(
    map((answer) => ({ ...data, state: LoadingState.Done, series: answer.data })),
    catchError((error) => of({ ...data, state: LoadingState.Error, error: toDataQueryError(error), errors: [toDataQueryError(error)] })),
    startWith({ ...data, state: LoadingState.Loading }),
  );
}

/** The transformations that @grafana/data has, each once. */
function transformers() {
  const byId = new Map(Object.values(standardTransformers).map((transformation) => [transformation.id, transformation]));
  return [...byId.values()].map((transformation) => ({
    id: transformation.id, name: transformation.name, description: transformation.description ?? '', transformation, editor: () => null,
  }));
}

export function startGrafana(sources, mode) {
  const theme = createTheme({ colors: { mode }, typography: { fontFamily: '"Local Inter", sans-serif' } });
  config.theme2 = theme;
  config.featureToggles = { ...config.featureToggles };
  standardEditorsRegistry.setInit(() => editors);
  standardFieldConfigEditorRegistry.setInit(() => standardOptions);
  standardTransformersRegistry.setInit(transformers);
  setAppEvents(new EventBusSrv());
  setRunRequest(runRequest);
  setPluginImportUtils({
    importPanelPlugin: (id) => Promise.reject(new Error(`no renderer for panel type '${id}'`)),
    getPanelPluginFromCache: () => undefined,
  });
  setTemplateSrv({
    getVariables: () => [],
    containsTemplate: (text) => /\$\{?\w+/.test(text ?? ''),
    replace: (text, scoped, format) => sceneGraph.interpolate(scoped.__sceneObject.value.valueOf(), text, scoped, format),
    updateTimeRange: () => {},
  });
  const settings = sources.map(({ uid, name }) => ({ uid, name, type: 'prometheus', meta: { id: 'prometheus', info: { logos: {} } }, jsonData: {} }));
  setDataSourceSrv({
    getList: ({ pluginId } = {}) => (!pluginId || pluginId === 'prometheus' ? settings : []),
    getInstanceSettings: (ref) => settings.find(({ uid }) => uid === (ref?.uid ?? ref)),
    get: async (ref, scoped) => {
      const named = ref?.uid ?? ref;
      const wanted = scoped?.__sceneObject ? sceneGraph.interpolate(scoped.__sceneObject.value.valueOf(), named, scoped) : named;
      const found = sources.find(({ uid }) => uid === wanted);
      if (!found) throw new Error(`no data source '${wanted}'`);
      return found;
    },
    reload: () => {},
  });
  return theme;
}
