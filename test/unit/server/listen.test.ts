import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { listen } from '../../../src/server/listen.ts';

const HAS_IPV6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ family, internal }) => family === 'IPv6' && internal),
);

t.test('a free port is told', async (t) => {
  const url = await listen(server(t), { host: '127.0.0.1', port: 0 });
  t.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
  t.equal(await (await fetch(url)).text(), 'here');
});

t.test('an IPv6 address stands in brackets', { skip: !HAS_IPV6 && 'no IPv6' }, async (t) => {
  const url = await listen(server(t), { host: '::1', port: 0 });
  t.match(url, /^http:\/\/\[::1\]:\d+$/);
  t.equal(await (await fetch(url)).text(), 'here');
});

t.test('a port that is taken is not taken over', async (t) => {
  const url = await listen(server(t), { host: '127.0.0.1', port: 0 });
  const second = server(t);
  const port = Number(new URL(url).port);
  await t.rejects(listen(second, { host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  t.equal(second.listenerCount('error'), 0, 'nothing is left of the attempt but its listener');
  t.equal(await (await fetch(url)).text(), 'here');
});

t.test('a unix socket is told by its path, and a file there is nobody’s to remove', async (t) => {
  const folder = shortFolder(t);
  writeFileSync(`${folder}/file`, 'precious');
  const path = `${folder}/s`;
  t.equal(await listen(server(t), { path }), `unix:${path}`);
  t.equal(await overSocket(path), 'here');
  await t.rejects(listen(server(t), { path: `${folder}/file` }), { code: 'EADDRINUSE' });
  t.ok(existsSync(`${folder}/file`));
});

t.test('a socket that somebody serves stays theirs', async (t) => {
  const path = `${shortFolder(t)}/s`;
  await listen(server(t), { path });
  await t.rejects(listen(server(t), { path }), { code: 'EADDRINUSE' });
  t.equal(await overSocket(path), 'here');
});

t.test('a folder that is not there is said by the system', async (t) => {
  const path = `${shortFolder(t)}/none/s`;
  await t.rejects(listen(server(t), { path }), { code: /ENOENT|EACCES/ });
});

/** A socket's path is at most 107 bytes. */
function shortFolder(t: Tap): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function server(t: Tap): Server {
  const created = createServer((_req, res) => res.end('here'));
  t.teardown(() => {
    created.closeAllConnections();
    created.close();
  });
  return created;
}

async function overSocket(socketPath: string): Promise<string> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ socketPath, agent: false }, resolve).once('error', reject);
  });
  return text(answer);
}

type Tap = Pick<typeof t, 'teardown'>;
