import { parentPort, workerData } from 'node:worker_threads';
import { modelRuns, type Seeds } from '../unit/token/model-runs.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(await modelRuns(workerData as Seeds));
