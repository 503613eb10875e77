import type { Dispatcher } from 'undici';
import t from 'tap';
import {
  Connections,
  type Borrower,
  type Connection,
} from '../../../../src/proxy/lanes/connections.ts';
import { serverOf } from './bench.ts';

const TICK_MS = 5;

async function stage(t: Test, max: number): Promise<Connections> {
  const upstream = await serverOf(t, (_req, res) => res.end('ok'));
  return connectionsTo(t, upstream, max);
}

function connectionsTo(t: Test, { origin }: URL, max: number): Connections {
  const connections = new Connections(origin, { max, connectTimeoutMs: 60_000, tickMs: TICK_MS });
  t.teardown(() => connections.close());
  return connections;
}

/** Somebody who wants a connection, and keeps what it is lent. */
class Somebody implements Borrower {
  readonly lent = Promise.withResolvers<Connection>();
  connection: Connection | undefined;
  ticks = 0;
  ticked: () => void = () => {};

  lend(connection: Connection): void {
    this.connection = connection;
    this.lent.resolve(connection);
  }

  tick(): void {
    this.ticks++;
    this.ticked();
  }
}

function borrows(connections: Connections): Somebody {
  const somebody = new Somebody();
  connections.borrow(somebody);
  return somebody;
}

/** Sends on a connection until the answer's end. */
function get(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.dispatch({ method: 'GET', path: '/' }, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    } satisfies Dispatcher.DispatchHandler);
  });
}

t.test('at most so many are lent at once, each to one', async (t) => {
  const connections = await stage(t, 2);
  const [a, b, c] = [borrows(connections), borrows(connections), borrows(connections)];
  t.ok(a.connection && b.connection);
  t.not(a.connection, b.connection);
  t.equal(c.connection, undefined);
  connections.giveBack(b.connection as Connection, false);
  t.equal(await c.lent.promise, b.connection);
  t.equal(c.connection?.borrower, c);
});

t.test('they wait in the order of asking, and who goes away meanwhile is forgotten', async (t) => {
  const connections = await stage(t, 1);
  const a = borrows(connections);
  const [b, c, d] = [borrows(connections), borrows(connections), borrows(connections)];
  connections.forget(c);
  connections.giveBack(a.connection as Connection, false);
  connections.giveBack(await b.lent.promise, false);
  await d.lent.promise;
  t.equal(c.connection, undefined);
});

t.test(
  'the one used last comes first, a broken one last, a new one only without them',
  async (t) => {
    const connections = await stage(t, 4);
    const [a, b, c] = [borrows(connections), borrows(connections), borrows(connections)];
    connections.giveBack(a.connection as Connection, false);
    connections.giveBack(b.connection as Connection, true);
    connections.giveBack(c.connection as Connection, false);
    const order = [c, a, b].map(({ connection }) => connection);
    t.strictSame(
      order.map((expected) => borrows(connections).connection === expected),
      [true, true, true],
    );
    t.notOk(order.includes(borrows(connections).connection), 'the fourth is new');
  },
);

t.test('ticks reach only those who have one', async (t) => {
  const connections = await stage(t, 1);
  const had = borrows(connections);
  connections.giveBack(had.connection as Connection, false);
  const has = borrows(connections);
  const waits = borrows(connections);
  await new Promise<void>((resolve) => {
    has.ticked = resolve;
  });
  t.equal(had.ticks, 0);
  t.equal(waits.ticks, 0);
});

t.test('an answer counts only for the connection it came on', async (t) => {
  const upstream = await serverOf(t, (_req, res) => res.setHeader('connection', 'close').end('ok'));
  const connection = borrows(connectionsTo(t, upstream, 1)).connection as Connection;
  const closed = new Promise((resolve) => connection.once('disconnect', resolve));
  await get(connection);
  connection.answered = true;
  await closed;
  t.equal(connection.answered, false);
});

t.test('closing ends what is under way', async (t) => {
  const asked = Promise.withResolvers<void>();
  const upstream = await serverOf(t, () => asked.resolve()); // and never answers
  const connections = connectionsTo(t, upstream, 1);
  const sent = get(borrows(connections).connection as Connection);
  const failed = t.rejects(sent);
  await asked.promise;
  await connections.close();
  await failed;
});

type Test = Parameters<typeof serverOf>[0];
