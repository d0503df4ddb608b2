// SPDX-License-Identifier: MIT
// What the page asks for, on loopback: its own files, Grafana's icons, a dashboard to open, and the Prometheus servers.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

function file(directory, path) {
  return { type: types[extname(path)] ?? 'application/octet-stream', body: readFileSync(join(directory, normalize(`/${path}`))) };
}

/** `boards`: JSON by name; `sources`: by uid, {url, uid, name, scrapeSeconds, from, to}. */
export function serve(port, cache, boards, sources) {
  const images = join(cache, 'node_modules/@grafana/ui/dist/public/img');
  const imagesAt = '/public/build/img/';
  async function answer(url) {
    const [, first, second, ...rest] = url.pathname.split('/');
    if (first === 'open') {
      const { from, to, ...source } = sources.get(second);
      return { type: 'application/json', body: JSON.stringify({ board: boards.get(rest[0]), source, from, to }) };
    }
    if (first === 'prometheus') {
      const there = await fetch(`${sources.get(second).url}/${rest.join('/')}${url.search}`);
      return { type: 'application/json', body: Buffer.from(await there.arrayBuffer()) };
    }
    if (url.pathname.startsWith(imagesAt)) return file(images, url.pathname.slice(imagesAt.length));
    return file(join(cache, 'page'), url.pathname === '/' ? 'index.html' : url.pathname);
  }
  const server = createServer(async (request, response) => {
    try {
      const { type, body } = await answer(new URL(request.url, 'http://localhost'));
      response.writeHead(200, { 'Content-Type': type }).end(body);
    } catch (error) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
