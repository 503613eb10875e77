import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Secret } from '../../../../src/telemetry/secret.ts';
import { RedisConnection } from '../../../../src/token/stores/redis-connection.ts';
import type { StoreError } from '../../../../src/token/stores/store.ts';
import { until } from '../../../helpers/proxy.ts';

/** Something at Redis' address that answers what it is told to, and all that it received. */
async function impostor(t: Test, answer: (sent: string, socket: Socket) => string | undefined) {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received.push(chunk.toString());
      const reply = answer(chunk.toString(), socket);
      if (reply !== undefined) socket.write(reply);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received, sockets };
}

function connect(t: Test, url: string, timeoutMs = 100): RedisConnection {
  const connection = new RedisConnection({ url: Secret.of(url), timeoutMs, onError: () => {} });
  t.teardown(() => connection.close());
  return connection;
}

async function failure(work: Promise<unknown>): Promise<StoreError> {
  return (await work.then(
    () => t.fail('it did not fail'),
    (error: unknown) => error,
  )) as StoreError;
}

t.test('a connection that has gone silent is replaced', async (t) => {
  let silent = true;
  const { port, sockets } = await impostor(t, () => (silent ? undefined : '+PONG\r\n'));
  const connection = connect(t, `redis://127.0.0.1:${port}`);
  for (let i = 0; i < 3; i++) {
    const { message, cause } = await failure(connection.run((client) => client.ping()));
    t.equal(message, 'Redis cannot be reached or used');
    t.match(cause, { message: 'no answer within 100 ms' });
  }
  await until(() => sockets.length === 2, 'there is a second connection');
  silent = false;
  t.equal(await connection.run((client) => client.ping()), 'PONG');
  t.equal(sockets.length, 2);
});

t.test('what could not be sent in time is never sent', async (t) => {
  const { port, received, sockets } = await impostor(t, () => undefined);
  const connection = connect(t, `redis://:password@127.0.0.1:${port}`);
  await failure(connection.run((client) => client.set('late', '1')));
  sockets[0]?.write('+OK\r\n'); // to AUTH
  await delay(100);
  t.match(received.join(''), /AUTH/);
  t.notMatch(received.join(''), /late/);
});

t.test('a refused connection is known at once, and why', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const connection = connect(t, `redis://127.0.0.1:${port}`, 5000);
  const started = performance.now();
  const { cause, refused } = await failure(connection.run((client) => client.ping()));
  t.ok(performance.now() - started < 2500);
  t.match(cause, { message: /ECONNREFUSED/ });
  t.equal(refused, false);
});

t.test('a wrong password is known at once, and why', async (t) => {
  const { port } = await impostor(t, () => '-WRONGPASS invalid username-password pair\r\n');
  const connection = connect(t, `redis://:password@127.0.0.1:${port}`, 5000);
  const { cause } = await failure(connection.run((client) => client.ping()));
  t.match(cause, { message: /WRONGPASS/ });
});

t.test('"no" is an answer, "not now" is none', async (t) => {
  let answer = '';
  const { port } = await impostor(t, () => `${answer}\r\n`);
  const connection = connect(t, `redis://127.0.0.1:${port}`);
  const isRefused = async (words: string): Promise<boolean> => {
    answer = `-${words}`;
    return (await failure(connection.run((client) => client.ping()))).refused;
  };
  t.equal(await isRefused('NOPERM this user has no permissions'), true);
  t.equal(await isRefused('OOM command not allowed'), true);
  t.equal(await isRefused('LOADING Redis is loading the dataset in memory'), false);
  t.equal(await isRefused('MASTERDOWN Link with MASTER is down'), false);
});

t.test('a master that has become a replica is left for whoever has the name now', async (t) => {
  const { port, sockets } = await impostor(t, () => "-READONLY You can't write\r\n");
  const connection = connect(t, `redis://127.0.0.1:${port}`);
  t.equal((await failure(connection.run((client) => client.set('a', 'b')))).refused, false);
  await until(() => sockets.length === 2, 'there is a second connection');
});

t.test('it can be closed whatever it is waiting for', async (t) => {
  const { port } = await impostor(t, () => undefined);
  const connection = connect(t, `redis://127.0.0.1:${port}`, 5000);
  const pending = failure(connection.run((client) => client.ping()));
  await delay(50);
  connection.close();
  const started = performance.now();
  t.ok(await pending);
  t.ok(await failure(connection.run((client) => client.ping())));
  t.ok(performance.now() - started < 1000);
  connection.close();
});
