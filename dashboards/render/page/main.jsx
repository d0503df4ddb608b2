// SPDX-License-Identifier: MIT
// One dashboard: main.js?board=NAME&source=UID&from=MS&to=MS&mode=light|dark. The driver (render.mjs) serves the JSON and the data.
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { startGrafana } from './grafana.js';
import './page.css';
import { registerPlugins } from './panels.jsx';
import { Prometheus } from './prometheus.js';
import { scene } from './scene.js';
import { status } from './status.js';

const asked = new URLSearchParams(location.search);
const { board, source, from, to } = await (await fetch(`/open/${asked.get('source')}/${asked.get('board')}`)).json();
const sources = [new Prometheus(source)];
const theme = startGrafana(sources, asked.get('mode'));
registerPlugins();
document.body.classList.add(`theme-${asked.get('mode')}`);
document.body.style.background = theme.colors.background.canvas;
const shownScene = scene(board, from, to);
window.exitledger = { status: () => status(shownScene, sources) };
createRoot(document.getElementById('root')).render(
  <MemoryRouter>
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div className="page">
        <h1>{board.title}</h1>
        <shownScene.Component model={shownScene} />
      </div>
      <PortalContainer />
    </ThemeContext.Provider>
  </MemoryRouter>,
);
