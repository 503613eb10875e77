/** A real `redis-server` for one test, on a free port, that remembers nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from 'redis';
import type { Test } from 'tap';
import { freePort } from './free-ports.ts';
import { requireProgram } from './programs.ts';

export interface RedisOptions {
  /** Lines of its configuration, such as `requirepass …` or `user …`. */
  readonly config?: readonly string[];
  /** Files, PEM; with them it speaks TLS only. */
  readonly tls?: { readonly keyFile: string; readonly certFile: string };
}

export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:1234`, without credentials */
  readonly url: string;
  /** A client of the test's own, connected, as the default user without a password. */
  client(): Promise<TestClient>;
  /** SIGSTOP: it takes connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** SIGKILL: its port refuses connections. @returns when it has ended */
  kill(): Promise<void>;
  /** Starts it again on its port, empty. */
  start(): Promise<void>;
}

export type TestClient = ReturnType<typeof testClient>;

/** @returns undefined where there is no redis-server: the test is reported as skipped */
export async function startRedis(
  t: Test,
  options: RedisOptions = {},
): Promise<RedisServer | undefined> {
  const program = requireProgram(t, 'redis-server');
  if (program === undefined) return undefined;
  const port = await freePort();
  const config = [...configOf(port, options), ''].join('\n');
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const started = spawn(program, ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child = started;
    started.stdin.end(config);
    let log = '';
    await new Promise<void>((resolve, reject) => {
      started.stdout.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', () => reject(new Error(`redis-server ended: ${log}`)));
    });
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(kill);
  await start();
  return {
    port,
    url: `redis${options.tls ? 's' : ''}://127.0.0.1:${port}`,
    async client() {
      const client = testClient(port);
      t.teardown(() => client.destroy());
      client.on('error', () => {}); // it may be gone: that is what the test is about
      await client.connect();
      return client;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    start,
  };
}

function testClient(port: number) {
  return createClient({ url: `redis://127.0.0.1:${port}`, RESP: 2 });
}

function configOf(port: number, { config = [], tls }: RedisOptions): readonly string[] {
  return [
    'bind 127.0.0.1',
    'save ""',
    'appendonly no',
    'enable-debug-command local',
    ...(tls === undefined
      ? [`port ${port}`]
      : [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls.certFile}`,
          `tls-key-file ${tls.keyFile}`,
          'tls-auth-clients no',
        ]),
    ...config,
  ];
}
