/**
 * Builds `bundle/`: the program and all it needs in a handful of files, for the image. Starting means
 * reading files, and node_modules has hundreds of them. What only some settings need (Redis, the pretty
 * log) stays in files of its own, read when it is asked for. `npm run bundle [-- FOLDER]`.
 */
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { version as ownVersion } from '../src/version.ts';

const root = dirname(import.meta.dirname);
const out = resolve(process.argv[2] ?? join(root, 'bundle'));

/**
 * The part of undici that src/ imports. Its index loads all the rest as well (fetch, WebSocket, caches,
 * mocks), and starting means loading it. A name that is missing here fails the build.
 */
const undiciParts: Plugin = {
  name: 'undici-parts',
  setup(bundler) {
    bundler.onResolve({ filter: /^undici$/ }, () => ({
      path: 'undici',
      namespace: 'undici-parts',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'undici-parts' }, () => ({
      resolveDir: join(root, 'node_modules/undici/lib'),
      contents: `
        import Dispatcher from './dispatcher/dispatcher.js';
        import request from './api/api-request.js';
        import Client from './dispatcher/client.js';
        import Pool from './dispatcher/pool.js';
        import buildConnector from './core/connect.js';
        Dispatcher.prototype.request = request;
        export { buildConnector, Client, Pool };`,
    }));
  },
};

/** What the sources read from the package.json above them: a bundle may lie anywhere. */
const versionInside: Plugin = {
  name: 'version-inside',
  setup(bundler) {
    bundler.onLoad({ filter: /\/src\/version\.ts$/ }, () => ({
      contents: `export const version = ${JSON.stringify(ownVersion)};`,
    }));
  },
};

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [join(root, 'src/cli.ts')],
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  chunkNames: '[name]-[hash]',
  // Names stay: errors are logged by the names of their classes.
  minifyWhitespace: true,
  minifySyntax: true,
  // Their notices are written whole into one file, below.
  legalComments: 'none',
  metafile: true,
  absWorkingDir: root,
  logLevel: 'warning',
  plugins: [undiciParts, versionInside],
  // CommonJS packages ask for Node's modules by `require`, which ES modules do not have.
  banner: {
    js: `import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);`,
  },
});
cpSync(join(root, 'src/server/page'), join(out, 'page'), { recursive: true });
writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), notices(metafile));
chmodSync(join(out, 'cli.js'), 0o755);

/** The licences of what was bundled: most ask that their text goes wherever the code goes. */
function notices({ inputs }: Metafile): string {
  const packages = new Set<string>();
  for (const path of Object.keys(inputs)) {
    const folder = /^(?:undici-parts:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder !== undefined) packages.add(folder);
  }
  return [...packages].toSorted().map(notice).join('\n');
}

function notice(folder: string): string {
  const path = join(root, folder);
  const { name, version, license } = JSON.parse(
    readFileSync(join(path, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license: string };
  const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined ? `Licence: ${license}\n` : readFileSync(join(path, file), 'utf8');
  return `${'='.repeat(78)}\n${name} ${version}\n${'='.repeat(78)}\n\n${text}`;
}
