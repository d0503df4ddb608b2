// SPDX-License-Identifier: MIT
// Opens every dashboard in Chromium on each Prometheus, waits until all panels have their answer, judges each panel and writes a picture.
// usage: render.mjs [--may-lack METRIC]… CACHE OUT PORT NAME=URL…   pictures: OUT/NAME/DASHBOARD.png
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { dashboards, panelsOf } from '../check/common.mjs';
import { problemsOf } from './judge.mjs';
import { serve } from './serve.mjs';

const width = 1600;
const mode = 'light';
const patienceMs = 120_000;
const words = process.argv.slice(2);
const mayLack = [];
while (words[0] === '--may-lack') mayLack.push(words.splice(0, 2)[1]);
const [cache, out, port, ...servers] = words;
const puppeteer = createRequire(join(cache, 'package.json'))('puppeteer-core');

/** The time that holds the data, from the first scrape that was answered to the last, and the usual time between two scrapes. */
async function source(name, url) {
  const ask = async (path) => (await (await fetch(`${url}/api/v1/${path}`)).json()).data;
  const { maxTime } = (await ask('status/tsdb')).headStats;
  const { result } = await ask(`query?${new URLSearchParams({ query: 'up[100y]', time: maxTime / 1000 })}`);
  const answered = result.flatMap(({ values }) => values.filter(([, up]) => up === '1').map(([at]) => at * 1000)).sort((a, b) => a - b);
  if (answered.length < 2) throw new Error(`${name}: no two scrapes that were answered`);
  const apart = answered.slice(1).map((at, index) => at - answered[index]).sort((a, b) => a - b);
  const scrapeSeconds = Math.max(1, Math.round(apart[Math.floor(apart.length / 2)] / 1000));
  return { uid: name, name, url, scrapeSeconds, from: answered[0], to: answered.at(-1) };
}

/** The page's status once all panels are done and nothing changes any more; `errors`: what the page threw, which ends the wait. */
async function settled(page, errors) {
  const end = Date.now() + patienceMs;
  for (let before = '', same = 0; Date.now() < end; ) {
    const status = await page.evaluate(() => window.exitledger?.status());
    const now = JSON.stringify(status);
    same = status?.done && now === before ? same + 1 : 0;
    if (errors.length > 0) throw new Error(`the page: ${errors[0]}`);
    if (same === 3) return status;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { panels = [] } = (await page.evaluate(() => window.exitledger?.status())) ?? {};
  throw new Error(`not settled after ${patienceMs / 1000} s: ${panels.filter(({ state }) => state !== 'Done').map(({ title }) => title).join(', ') || 'no panel'}`);
}

let failed = 0;
function problem(where, text) {
  failed += 1;
  console.error(`render: ${where}: ${text}`);
}

async function render(browser, board, name, { uid }) {
  const where = `${name} on ${uid}`;
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.setViewport({ width, height: 1000 });
  await page.goto(`http://127.0.0.1:${port}/?source=${uid}&board=${name}&mode=${mode}`);
  try {
    await settled(page, errors);
    // As high as the page is: taking a picture must not change the size, which would draw the panels anew.
    await page.setViewport({ width, height: await page.evaluate(() => document.querySelector('.page').scrollHeight) });
    const { panels } = await settled(page, errors);
    const wanted = panelsOf(board).filter(({ type }) => type !== 'row').length;
    if (panels.length !== wanted) problem(where, `${panels.length} of ${wanted} panels`);
    for (const panel of panels) {
      const found = problemsOf(panel, mayLack);
      for (const text of found) problem(`${where}, ${panel.key} '${panel.title}'`, text);
      const series = panel.queries.map((query) => query.series ?? '-').join('+');
      console.log([where, panel.key, panel.type, `${series} series`, `${panel.shown} shown`, panel.title].join('  '));
    }
  } catch (error) {
    problem(where, error.message);
  }
  mkdirSync(join(out, uid), { recursive: true });
  await page.screenshot({ path: join(out, uid, `${name}.png`), captureBeyondViewport: false });
  await page.close();
}

const boards = new Map(dashboards().map(({ file, board }) => [file.replace(/\.json$/, ''), board]));
const sources = new Map();
for (const server of servers) {
  const [name, url] = [server.slice(0, server.indexOf('=')), server.slice(server.indexOf('=') + 1)];
  sources.set(name, await source(name, url));
}
const server = await serve(Number(port), cache, boards, sources);
const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--font-render-hinting=none', '--lang=en-US'] });
try {
  for (const one of sources.values()) for (const [name, board] of boards) await render(browser, board, name, one);
} finally {
  await browser.close();
  server.close();
}
if (failed > 0) {
  console.error(`render: ${failed} problem(s)`);
  process.exit(1);
}
console.log(`render: ${sources.size * boards.size} pictures in ${out}, no problem`);
