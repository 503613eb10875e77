import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { ProxyError } from '../../../src/errors.ts';
import { createLogger, type Logger } from '../../../src/telemetry/logger.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

const TOKEN = `90_${'aB3-_x'.repeat(23)}`;
const ODD = 'k3y-of-19-chars';
const SECRETS = new RegExp(`${TOKEN.slice(0, 40)}|${ODD}`);

t.test('no string that reaches a line holds a token or a secret', async (t) => {
  const failure = (): Error => new Error(`GET /x?access_token=${TOKEN} secret=${ODD}`);
  const calls: readonly ((logger: Logger) => void)[] = [
    (logger) => logger.info(`access_token=${TOKEN}`),
    (logger) => logger.info('%s', `secret=${ODD}`),
    (logger) => logger.info('%s %o %j', TOKEN, { secret: ODD }, [TOKEN]),
    (logger) => logger.info('%s', failure()),
    (logger) => logger.info({ text: `x?access_token=${TOKEN}` }, 'x'),
    (logger) => logger.info({ nested: { list: [{ text: TOKEN }] } }, 'x'),
    (logger) => logger.info({ msg: `secret=${ODD}` }),
    (logger) => logger.info({ access_token: ODD, clientKey: ODD }, 'x'),
    (logger) => logger.info({ headers: { authorization: `Bearer ${ODD}`, cookie: ODD } }, 'x'),
    (logger) => logger.info({ secret: Secret.of(ODD), account: { s: Secret.of(ODD) } }, 'x'),
    (logger) => logger.info({ body: Buffer.from(TOKEN) }, 'x'),
    (logger) => logger.info({ url: new URL(`http://x/?access_token=${TOKEN}`) }, 'x'),
    (logger) => logger.info(failure()),
    (logger) => logger.info(failure(), 'with words'),
    (logger) => logger.info({ err: failure() }),
    (logger) => logger.info({ err: failure() }, 'with words'),
    (logger) => logger.info({ error: failure(), reason: failure() }, 'x'),
    (logger) => logger.info({ err: `secret=${ODD}` }, 'not an Error'),
    (logger) => logger.info({ err: new Error('x', { cause: failure() }) }, 'x'),
    (logger) => logger.info({ err: new AggregateError([failure()], `secret=${ODD}`) }, 'x'),
    (logger) => logger.info({ err: Object.assign(failure(), { config: { url: TOKEN } }) }, 'x'),
    (logger) => logger.fatal(failure()),
  ];
  for (const call of calls) {
    const lines = await logged(call);
    t.equal(lines.length, 1, call.toString());
    t.notMatch(lines[0], SECRETS, call.toString());
    t.doesNotThrow(() => JSON.parse(lines[0] ?? ''));
  }
});

t.test(
  'an error is its class, message, code and causes, without stack and other properties',
  async (t) => {
    const cause = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', headers: {} });
    const err = new ProxyError('ERR_UPSTREAM_RESET', 'cut', { cause });
    for (const call of [
      (logger: Logger) => logger.warn({ err }, 'failed'),
      (logger: Logger) => logger.warn(err, 'failed'),
    ]) {
      const [line] = await logged(call);
      const { time, ...rest } = JSON.parse(line ?? '') as Record<string, unknown>;
      t.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
      t.strictSame(rest, {
        level: 'warn',
        err: {
          type: 'ProxyError',
          message: 'cut',
          code: 'ERR_UPSTREAM_RESET',
          cause: { type: 'Error', message: 'socket hang up', code: 'ECONNRESET' },
        },
        msg: 'failed',
      });
    }
  },
);

t.test('what is no secret is logged as it is', async (t) => {
  const fields = { appid: 'wx0123456789abcdef', count: 1, ok: true, none: null, list: [1, 'a'] };
  const [line] = await logged((logger) =>
    logger.info({ ...fields, missing: undefined }, 'all well'),
  );
  t.match(JSON.parse(line ?? ''), { level: 'info', ...fields, msg: 'all well' });
});

t.test('lines below the level are not written', async (t) => {
  const lines: string[] = [];
  const logger = await createLogger({
    level: 'warn',
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
  });
  logger.info('quiet');
  logger.warn('loud');
  t.equal(lines.length, 1);
  t.ok(logger.isLevelEnabled('warn'));
  t.notOk(logger.isLevelEnabled('info'));
});

t.test('things that cannot be serialised do not throw', async (t) => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (const fields of [
    circular,
    { err: circular },
    { err: null },
    Object.create(null) as object,
  ]) {
    t.equal((await logged((logger) => logger.info(fields, 'x'))).length, 1);
  }
});

for (const format of ['json', 'pretty'] as const) {
  t.test(
    `${format}: a reader of standard output that went away does not take the program with it`,
    async (t) => {
      const { code, stderr } = await run(format, { stdout: 'closed' });
      t.equal(stderr, 'done\n', 'it got to its end, and nothing was thrown');
      t.equal(code, 0);
    },
  );

  const onFullDisk = { skip: !existsSync('/dev/full') && 'no /dev/full' };
  t.test(`${format}: nor does a full disk behind it`, onFullDisk, async (t) => {
    const full = openSync('/dev/full', 'w');
    t.teardown(() => closeSync(full));
    const { code, stderr } = await run(format, { stdout: full });
    t.equal(stderr, 'done\n');
    t.equal(code, 0);
  });

  t.test(`${format}: all lines of a program that ends reach standard output`, async (t) => {
    const { code, stdout } = await run(format, { stdout: 'read' });
    t.equal(code, 0);
    t.equal(stdout.match(/line \d+ of 500/g)?.length, 500);
    t.notMatch(stdout, ODD);
  });
}

async function logged(call: (logger: Logger) => void): Promise<string[]> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  call(await createLogger({ level: 'trace', format: 'json', destination }));
  return lines;
}

/** A program of its own that logs 500 lines, some before and some after its reader may have gone. */
async function run(format: string, { stdout: goesTo }: { stdout: 'read' | 'closed' | number }) {
  const module = new URL('../../../src/telemetry/logger.ts', import.meta.url).href;
  const program = `
    import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
    const { createLogger } = await import(${JSON.stringify(module)});
    const logger = await createLogger({ level: 'info', format: '${format}' });
    const log = (from, to) => {
      for (let i = from; i < to; i++) logger.info({ secret: '${ODD}' }, 'line ' + i + ' of 500');
    };
    log(0, 100);
    await once(process.stdin.resume(), 'end');
    for (let i = 100; i < 500; i += 10) {
      log(i, i + 10);
      await new Promise(setImmediate);
    }
    process.stderr.write('done\\n');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', typeof goesTo === 'number' ? goesTo : 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const stderr = text(child.stderr as Readable);
  let stdout = Promise.resolve('');
  if (goesTo === 'read') stdout = text(child.stdout as Readable);
  else if (goesTo === 'closed') {
    await once(child.stdout as Readable, 'readable');
    child.stdout?.destroy();
  }
  child.stdin?.end();
  const [code] = await ended;
  return { code, stdout: await stdout, stderr: await stderr };
}
