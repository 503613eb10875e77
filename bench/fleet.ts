/** Starts contenders, each pinned to the core that is not the load's, and ends them. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Contender, Place, Running } from './contenders/contender.ts';
import { LoadConnection, type Answer } from './load/connection.ts';
import { cpuMs } from './process-figures.ts';

export interface FleetOptions {
  readonly directory: string;
  readonly upstream: string;
  readonly caFile: string;
  readonly token: string;
  /** undefined: there is no second core to pin to. */
  readonly core: number | undefined;
}

export interface Started extends Running {
  /** From just before the process was made to the end of the first right answer. */
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly firstAnswer: Answer;
}

const START_TIMEOUT_MS = 20_000;
const TERM_MS = 2000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #running = new Set<Running>();
  #count = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    // An interrupted run leaves nothing behind.
    process.once('exit', () => {
      for (const { child } of this.#running) child.kill('SIGTERM');
    });
  }

  /**
   * @param request asked again and again until it is answered
   * @param change what differs from the other contenders' place
   */
  async start(
    contender: Contender,
    request: (place: Place) => Buffer,
    change: Partial<Place> = {},
  ): Promise<Started> {
    const place = await this.#place(contender, change);
    const { argv, env } = contender.command(place);
    const pinned =
      this.#options.core === undefined
        ? argv
        : (['taskset', '-c', String(this.#options.core), ...argv] as const);
    const [file, ...rest] = pinned;
    const output = openSync(join(place.directory, 'output'), 'a');
    const bytes = request(place);
    const begun = performance.now();
    const child = spawn(file, rest, {
      stdio: ['ignore', output, output],
      env: { PATH: process.env['PATH'], HOME: place.directory, ...env },
    });
    const running: Running = { contender, place, pid: child.pid as number, child };
    this.#running.add(running);
    child.once('exit', () => this.#running.delete(running));
    try {
      const firstAnswer = await firstAnswerOf(running, bytes);
      return {
        ...running,
        firstAnswer,
        wallMs: performance.now() - begun,
        cpuMs: cpuMs(running.pid),
      };
    } catch (error) {
      await this.stop(running);
      throw new Error(
        `${contender.name} does not answer: ${(error as Error).message}\n${outputOf(running)}`,
        { cause: error },
      );
    }
  }

  async stop({ child }: Running): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), TERM_MS);
    await exited;
    clearTimeout(timer);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => this.stop(running)));
  }

  async #place({ name }: Contender, change: Partial<Place>): Promise<Place> {
    this.#count += 1;
    const directory = join(this.#options.directory, `${this.#count}-${name}`);
    mkdirSync(directory, { recursive: true });
    const [port, adminPort] = await freePorts(2);
    const { upstream, caFile, token } = this.#options;
    return {
      directory,
      port: port as number,
      adminPort: adminPort as number,
      upstream,
      caFile,
      token,
      ...change,
    };
  }
}

/** What it has written, for errors. */
function outputOf({ place }: Running): string {
  return readFileSync(join(place.directory, 'output'), 'utf8').slice(-2000);
}

/** Pins this process, load and upstream in it, with all of its threads. */
export function pinSelf(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], {
    stdio: 'ignore',
  });
}

/** The cores this process may use. */
export function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return (list ?? '').split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

async function firstAnswerOf({ child, place }: Running, request: Buffer): Promise<Answer> {
  const givesUpAt = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it has ended');
    if (performance.now() > givesUpAt) throw new Error('it takes too long');
    const connection = await LoadConnection.open({ port: place.port }, true).catch(() => undefined);
    if (connection === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    try {
      return await connection.exchange(request);
    } finally {
      connection.close();
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
