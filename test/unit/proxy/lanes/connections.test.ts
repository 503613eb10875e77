import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import type { Connection, Sender } from '../../../../src/proxy/lanes/connection.ts';
import {
  Connections,
  type Borrower,
  type ConnectionsOptions,
} from '../../../../src/proxy/lanes/connections.ts';
import type { UpstreamRequest } from '../../../../src/proxy/lanes/lane.ts';
import { serverOf } from './bench.ts';

const TICK_MS = 5;

async function stage(t: Test, max: number): Promise<Connections> {
  return connectionsTo(t, await serverOf(t, (_req, res) => res.end('ok')), { max });
}

function connectionsTo(
  t: Test,
  upstream: URL,
  others: Partial<ConnectionsOptions> = {},
): Connections {
  const connections = new Connections({
    upstream,
    max: 1,
    connectTimeoutMs: 60_000,
    idleMs: 60_000,
    tickMs: TICK_MS,
    ...others,
  });
  t.teardown(() => connections.close());
  return connections;
}

/** Somebody who wants a connection, and keeps what it is lent. */
class Somebody implements Borrower {
  readonly lent = Promise.withResolvers<Connection>();
  connection: Connection | undefined;

  lend(connection: Connection): void {
    this.connection = connection;
    this.lent.resolve(connection);
  }
}

function borrows(connections: Connections): Somebody {
  const somebody = new Somebody();
  connections.borrow(somebody);
  return somebody;
}

const GET = { method: 'GET', path: '/', headers: [], body: undefined, resendable: true };

/** Sends on a connection until the answer's end. */
function get(
  connection: Connection,
  others: Partial<Sender> = {},
  request: UpstreamRequest = GET,
): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.send(request, {
      begun() {},
      progressed() {},
      tick() {},
      head() {},
      data() {},
      end() {},
      done: resolve,
      failed: reject,
      ...others,
    });
  });
}

t.test('at most so many are lent at once, each to one', async (t) => {
  const connections = await stage(t, 2);
  const [a, b, c] = [borrows(connections), borrows(connections), borrows(connections)];
  t.ok(a.connection && b.connection);
  t.not(a.connection, b.connection);
  t.equal(c.connection, undefined);
  connections.giveBack(b.connection as Connection);
  t.equal(await c.lent.promise, b.connection);
});

t.test('they wait in the order of asking, and who goes away meanwhile is forgotten', async (t) => {
  const connections = await stage(t, 1);
  const a = borrows(connections);
  const [b, c, d] = [borrows(connections), borrows(connections), borrows(connections)];
  connections.forget(c);
  connections.giveBack(a.connection as Connection);
  connections.giveBack(await b.lent.promise);
  await d.lent.promise;
  t.equal(c.connection, undefined);
});

t.test(
  'the one used last comes first, one that is not open last, a new one only without them',
  async (t) => {
    const connections = await stage(t, 4);
    const [a, b, c] = [borrows(connections), borrows(connections), borrows(connections)];
    await Promise.all([a, c].map(({ connection }) => get(connection as Connection)));
    for (const { connection } of [a, b, c]) connections.giveBack(connection as Connection);
    const order = [c, a, b].map(({ connection }) => connection);
    t.strictSame(
      order.map((expected) => borrows(connections).connection === expected),
      [true, true, true],
    );
    t.notOk(order.includes(borrows(connections).connection), 'the fourth is new');
  },
);

t.test('time goes by only for who waits for an answer', async (t) => {
  const upstream = await serverOf(t, () => {}); // never answers
  const connections = connectionsTo(t, upstream, { max: 2 });
  const idle = borrows(connections).connection as Connection;
  const busy = borrows(connections).connection as Connection;
  let ticks = 0;
  const ticked = Promise.withResolvers<void>();
  void get(busy, {
    tick: () => (++ticks === 3 ? ticked.resolve() : undefined),
    failed() {},
  });
  await ticked.promise;
  t.equal(idle.isOpen, false, 'what sends nothing is not opened');
});

t.test('an answer counts only for the connection it came on', async (t) => {
  const upstream = await serverOf(t, (_req, res) => res.setHeader('connection', 'close').end('ok'));
  const connection = borrows(connectionsTo(t, upstream)).connection as Connection;
  for (const round of [1, 2]) {
    let answered: boolean | undefined;
    await get(connection, { begun: () => (answered = connection.answered) });
    t.equal(answered, false, `round ${round}`);
    t.equal(connection.isOpen, false);
  }
});

for (const [what, hint, idleMs] of [
  ['so long', undefined, 50],
  ['as long as the upstream says, less what an answer may take on its way', 'timeout=2', 60_000],
] as const) {
  t.test(`an idle connection is kept ${what}`, async (t) => {
    const sockets: Socket[] = [];
    const upstream = await serverOf(t, ({ socket }, res) => {
      sockets.push(socket);
      if (hint !== undefined)
        res.setHeader('keep-alive', hint).setHeader('connection', 'keep-alive');
      res.end('ok');
    });
    const connection = borrows(connectionsTo(t, upstream, { idleMs })).connection as Connection;
    await get(connection);
    if (sockets[0]?.closed === false) await once(sockets[0], 'close');
    t.equal(connection.isOpen, false);
    await get(connection);
    t.equal(sockets.length, 2);
    t.not(sockets[0], sockets[1]);
  });
}

t.test("what comes unasked on an idle connection ends it, and is nobody's answer", async (t) => {
  const sockets: Socket[] = [];
  const upstream = await serverOf(t, ({ socket }, res) => {
    sockets.push(socket);
    res.end('ok');
  });
  const connection = borrows(connectionsTo(t, upstream)).connection as Connection;
  await get(connection);
  const closed = once(sockets[0] as Socket, 'close');
  sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled');
  await closed;
  let body = '';
  await get(connection, { data: (chunk) => void (body += chunk.toString()) });
  t.equal(body, 'ok');
  t.equal(sockets.length, 2);
});

for (const [method, body, isKept] of [
  ['GET', undefined, true],
  ['POST', Buffer.from('body'), true],
  ['HEAD', undefined, false], // an upstream that answers with a body would be misread
  ['DELETE', Buffer.from('body'), false], // one that expects none would read it as a request
] as const) {
  const what = `${method} with${body === undefined ? 'out' : ''} a body`;
  t.test(`a connection is ${isKept ? '' : 'not '}kept after a ${what}`, async (t) => {
    const connections = await stage(t, 1);
    const connection = borrows(connections).connection as Connection;
    const headers = body === undefined ? [] : ['content-length', String(body.length)];
    await get(connection, {}, { ...GET, method, headers, body });
    t.equal(connection.isOpen, isKept);
  });
}

t.test('a connection whose last reader wanted no more for now reads for the next', async (t) => {
  const connection = borrows(await stage(t, 1)).connection as Connection;
  await get(connection, { data: () => connection.pause() });
  t.ok(connection.isOpen);
  let body = '';
  await get(connection, { data: (chunk) => void (body += chunk.toString()) });
  t.equal(body, 'ok');
});

/** Answers uploads at once, of which it reads nothing. */
function hasty(t: Test, sockets: Socket[]): Promise<URL> {
  return serverOf(t, (req, res) => {
    sockets.push(req.socket);
    if (req.method === 'GET') return res.end('ok');
    // Node's server closes where it answers early; others do not.
    return req.socket.pause().write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
  });
}

t.test('a connection whose answer came before all pieces were written is not kept', async (t) => {
  const connection = borrows(connectionsTo(t, await hasty(t, []))).connection as Connection;
  const body = [Buffer.alloc(64 * 1024 * 1024), Buffer.alloc(1)];
  const headers = ['content-length', String(64 * 1024 * 1024 + 1)];
  await get(connection, {}, { ...GET, method: 'POST', headers, body });
  t.notOk(connection.isOpen);
});

t.test('nothing is sent behind a request of which not all has left', async (t) => {
  const sockets: Socket[] = [];
  const connection = borrows(connectionsTo(t, await hasty(t, sockets))).connection as Connection;
  const body = Buffer.alloc(64 * 1024 * 1024);
  const headers = ['content-length', String(body.length)];
  await get(connection, {}, { ...GET, method: 'POST', headers, body: [body] });
  await get(connection);
  t.not(sockets[0], sockets[1]);
});

t.test('closing ends what is under way, and nothing is sent any more', async (t) => {
  const asked = Promise.withResolvers<void>();
  const upstream = await serverOf(t, () => asked.resolve()); // and never answers
  const connections = connectionsTo(t, upstream, { max: 2 });
  const connection = borrows(connections).connection as Connection;
  const failed = t.rejects(get(connection));
  await asked.promise;
  connections.close();
  await failed;
  await t.rejects(get(connection));
  await t.rejects(get(await borrows(connections).lent.promise), 'there was place for another');
});

t.test('closing fails all who wait, however many', async (t) => {
  const connections = await stage(t, 1);
  const failures: Promise<unknown>[] = [];
  for (let n = 0; n < 20_000; n++) {
    const failed = Promise.withResolvers<void>();
    failures.push(failed.promise);
    connections.borrow({
      lend(connection) {
        const done = (): void => {
          connections.giveBack(connection);
          failed.resolve();
        };
        get(connection, { failed: done }).catch(() => {});
      },
    });
  }
  connections.close();
  await Promise.all(failures);
});

type Test = Parameters<typeof serverOf>[0];
