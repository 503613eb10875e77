import { parentPort, workerData } from 'node:worker_threads';
import { modelRuns, type Seeds } from '../unit/token/model-runs.ts';

parentPort?.postMessage(await modelRuns(workerData as Seeds));
