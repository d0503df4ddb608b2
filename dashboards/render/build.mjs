// SPDX-License-Identifier: MIT
// The page of page/, bundled with what it needs of Grafana's libraries.
// usage: build.mjs CACHE   CACHE holds node_modules and gets page/
import { cpSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = process.argv[2];
const esbuild = createRequire(join(cache, 'package.json'))('esbuild');

/** @grafana/scenes asks for the table's default options, which this version of @grafana/schema does not have; our plugins bring their own. */
const missingExport = {
  name: 'missing-export',
  setup(build) {
    build.onLoad({ filter: /composable\/table\/panelcfg\/x\/types\.gen\.mjs$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      return { contents: /\bdefaultOptions\b/.test(contents) ? contents : `${contents}\nexport const defaultOptions = {};\n` };
    });
  },
};

await esbuild.build({
  entryPoints: [join(here, 'page', 'main.jsx')],
  outdir: join(cache, 'page'),
  nodePaths: [join(cache, 'node_modules')],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.svg': 'text', '.ttf': 'empty' },
  plugins: [missingExport],
  logLevel: 'warning',
});
cpSync(join(here, 'page', 'index.html'), join(cache, 'page', 'index.html'));
