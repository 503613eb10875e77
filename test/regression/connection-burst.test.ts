import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import t from 'tap';

const CONNECTIONS = 1000;

t.test('a burst of new connections loses none while the proxy is busy', async (t) => {
  const limit = longestQueue();
  if (limit < CONNECTIONS) {
    t.pass({ skip: `the system lets only ${limit} connections wait` });
    return;
  }
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const listener = new Worker(new URL('./blocked-listener.ts', import.meta.url), {
    workerData: gate,
  });
  const [url] = (await once(listener, 'message')) as [string];
  const sockets = Array.from({ length: CONNECTIONS }, () =>
    connect(Number(new URL(url).port), '127.0.0.1'),
  );
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await listener.terminate();
  });
  const connected = await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  t.equal(connected.length, CONNECTIONS, 'all wait, none has to try again a second later');
});

/** What Linux allows, whatever a program asks for; elsewhere unknown. */
function longestQueue(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 0;
  }
}
