/** A worker: binds a listener, says where, and then accepts nothing until it is told to. */
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { listen } from '../../src/server/listen.ts';

const url = await listen(createServer(), { host: '127.0.0.1', port: 0 });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
parentPort?.postMessage(url);
Atomics.wait(workerData as Int32Array, 0, 0);
