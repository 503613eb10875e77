/** The contenders that are small programs of this folder, each on the Node that runs the bench. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONNECTION_LIMIT, type Contender } from './contender.ts';

export const nodeFloor = program('node-floor', 'floor', 'undici');

export const otherNodeProxies: readonly Contender[] = [
  program('http-proxy', 'other', 'http-proxy'),
  program('http-proxy-3', 'other', 'http-proxy-3'),
  program('httpxy', 'other', 'httpxy'),
  program('fast-proxy', 'other', 'fast-proxy'),
  program('reply-from', 'other', '@fastify/reply-from'),
];

function program(name: string, kind: 'floor' | 'other', packageName: string): Contender {
  return {
    name,
    kind,
    // Asked for only where the packages are installed: `--help` goes without.
    get version() {
      return `${packageName} ${installedVersion(packageName)}`;
    },
    command: ({ port, upstream, caFile, token }) => ({
      argv: [process.execPath, join(import.meta.dirname, `${name}.mjs`)],
      env: {
        NODE_ENV: 'production',
        NODE_EXTRA_CA_CERTS: caFile,
        BENCH_PORT: String(port),
        BENCH_UPSTREAM: `https://${upstream}`,
        BENCH_TOKEN: token,
        BENCH_CONNECTIONS: String(CONNECTION_LIMIT),
      },
    }),
  };
}

function installedVersion(packageName: string): string {
  const manifest = join(import.meta.dirname, `../node_modules/${packageName}/package.json`);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
