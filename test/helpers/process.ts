/** The real program, as a child process: what a user starts, with nothing of this process in it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.ts';
import { until } from './proxy.ts';

export interface Exit {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramProcess {
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Its standard output, to be left unread or closed. */
  readonly output: Readable;
  /** Settles when the process has ended and all of its output was read. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

export interface ServerProcess extends ProgramProcess {
  /** `http://127.0.0.1:1234` or `unix:/path` */
  readonly url: string;
  readonly admin: string;
}

/** Environment variables; undefined: not set. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface ProgramOptions {
  /** undefined unsets. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The Node that runs it; the one that runs the test unless given. */
  readonly node?: string;
  /** Its main module; `src/cli.ts` unless given. */
  readonly main?: string;
  readonly cwd?: string;
}

export const ROOT = join(import.meta.dirname, '../..');

/** An account and free ports: what `serve` cannot start without in a test. */
export const SERVE_ENV = {
  WECHAT_APPID: DEMO_ACCOUNT.appid,
  WECHAT_APPSECRET: DEMO_ACCOUNT.appsecret,
  WXPROXY_LISTEN: '127.0.0.1:0',
  WXPROXY_ADMIN_LISTEN: '127.0.0.1:0',
} as const;

/** Starts the program and leaves it running; the test's end ends it. */
export function startProgram(
  t: Test,
  argv: readonly string[],
  { env = {}, node = process.execPath, main = `${ROOT}/src/cli.ts`, cwd }: ProgramOptions = {},
): ProgramProcess {
  const child = spawn(node, [main, ...argv], {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    pid: child.pid as number,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    output: child.stdout,
    exited,
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs the program to its end. */
export function runProgram(
  t: Test,
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<Exit> {
  return startProgram(t, argv, options).exited;
}

/** Starts `serve` on free ports and waits until it says where it listens. */
export async function startServer(
  t: Test,
  env: Readonly<Record<string, string | undefined>> = {},
  /** Of files and sockets; as the system has it unless given. */
  descriptors?: number,
): Promise<ServerProcess> {
  const options = { env: { ...SERVE_ENV, ...env } };
  const program =
    descriptors === undefined
      ? startProgram(t, [], options)
      : startProgram(t, limited(descriptors), { ...options, node: 'sh', main: '-c' });
  let ended = false;
  void program.exited.then(() => (ended = true));
  await until(() => ended || listening(program.stdout) !== undefined, 'the program listens');
  const bound = listening(program.stdout);
  if (bound === undefined) throw new Error(`it ended without listening: ${program.stderr}`);
  return Object.assign(program, { url: bound.data, admin: bound.admin });
}

/** `serve` that has its token, as a process of its own, and the simulator that gave it. */
export async function serverAndSimulator(
  t: Test,
  env: Readonly<Record<string, string | undefined>> = {},
  simulated: SimulatorOptions = {},
): Promise<{ server: ServerProcess; simulator: Simulator }> {
  const simulator = await startSimulator(simulated);
  t.teardown(() => simulator.stop());
  const server = await startServer(t, { WXPROXY_UPSTREAM: simulator.url, ...env });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'the program is ready');
  return { server, simulator };
}

/** What `sh -c` runs: the program, with a limit that Node cannot raise. */
function limited(descriptors: number): readonly string[] {
  const script = `ulimit -n ${descriptors}; exec "$0" "$1"`;
  return [script, process.execPath, `${ROOT}/src/cli.ts`];
}

/** The addresses in the log line that says them, in either format. */
function listening(log: string): { readonly data: string; readonly admin: string } | undefined {
  const line = log.split('\n').find((candidate) => candidate.includes('listening')) ?? '';
  const [, admin] = /"admin":"([^"]+)"/.exec(line) ?? [];
  const [, data] = /"data":"([^"]+)"/.exec(line) ?? [];
  return admin === undefined || data === undefined ? undefined : { data, admin };
}

/** Nothing of ours that could change what the program does; tap's own, so that coverage sees it. */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => ['PATH', 'HOME', 'TMPDIR', 'NODE_OPTIONS'].includes(name) || /^_?TAP/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
