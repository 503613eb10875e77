import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as otherWork } from 'node:timers/promises';
import t from 'tap';
import { BodyReceiver, type Body } from '../../../src/proxy/body.ts';
import { Exchanges } from '../../../src/proxy/exchange.ts';
import { Seeded } from '../wechat/seeded.ts';
import { bytesInUse } from './heap.ts';

const LIMIT = 1000;

interface Received {
  readonly body: Promise<Body>;
  readonly req: IncomingMessage;
}

interface Stage {
  readonly bodies: BodyReceiver;
  /** Sends raw bytes on a connection of its own. @returns what the receiver makes of the request */
  readonly send: (
    ...bytes: readonly (string | Buffer)[]
  ) => Promise<Received & { readonly client: Socket }>;
}

/** A receiver behind a real parser. */
async function stage(t: Tap, memoryBytes = 10 * LIMIT, wanted = true): Promise<Stage> {
  const bodies = new BodyReceiver({ bodyBytes: LIMIT, memoryBytes }, 60_000);
  const exchanges = new Exchanges();
  const waiting: ((received: Received) => void)[] = [];
  const server = createServer((req, res) => {
    const body = (async () => bodies.receive(exchanges.begin(req, res), { wanted }, (it) => it))();
    body.catch(() => {}); // each test looks at it in its own time
    waiting.shift()?.({ body, req });
  });
  server.on('checkContinue', (req, res) => server.emit('request', req, res));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    bodies,
    async send(...bytes) {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.on('error', () => {});
      t.teardown(() => client.destroy());
      const received = new Promise<Received>((resolve) => waiting.push(resolve));
      for (const part of bytes) client.write(part);
      return { ...(await received), client };
    },
  };
}

const head = (field: string): string => `POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`;
const CHUNKED = head('Transfer-Encoding: chunked');
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const LAST = '0\r\n\r\n';

t.test('a body is held whole, counted while it is held, and no longer', async (t) => {
  const { bodies, send } = await stage(t);
  const bytes = Buffer.alloc(LIMIT, 'b');
  for (const parts of [
    [head(`Content-Length: ${LIMIT}`), bytes],
    [CHUNKED, chunk(bytes.subarray(0, 1)), chunk(bytes.subarray(1)), LAST],
  ]) {
    const body = await (await send(...parts)).body;
    t.ok(body.kind === 'held' && body.bytes.whole().equals(bytes));
    t.equal(bodies.heldBytes, LIMIT);
    bodies.release(body);
    t.equal(bodies.heldBytes, 0);
  }
});

t.test(
  'a body that was released is gone, though its request stays with its connection',
  async (t) => {
    const { bodies, send } = await stage(t);
    const kept: IncomingMessage[] = [];
    const heldAndReleased = async (): Promise<WeakRef<object>> => {
      const { req, body } = await send(head(`Content-Length: ${LIMIT}`), Buffer.alloc(LIMIT));
      kept.push(req);
      const held = await body;
      bodies.release(held);
      return new WeakRef(held);
    };
    const body = await heldAndReleased();
    for (let turn = 0; turn < 20 && body.deref() !== undefined; turn++) {
      await otherWork();
      bytesInUse(); // collects
    }
    t.equal(body.deref(), undefined);
    t.equal(kept.length, 1);
  },
);

t.test('a chunked body of any pieces arrives as it was sent', async (t) => {
  const { bodies, send } = await stage(t);
  const random = new Seeded(1);
  const bytes = Buffer.from(Array.from({ length: 900 }, () => random.below(256)));
  const pieces = random.pieces(bytes).filter(({ length }) => length > 0);
  const body = await (await send(CHUNKED, ...pieces.map(chunk), LAST)).body;
  t.ok(body.kind === 'held' && body.bytes.whole().equals(bytes));
  bodies.release(body);
  t.equal(bodies.heldBytes, 0);
});

t.test('no body holds nothing', async (t) => {
  const { bodies, send } = await stage(t);
  for (const parts of [[head('Content-Length: 0')], ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']]) {
    t.strictSame(await (await send(...parts)).body, { kind: 'none' });
  }
  t.equal(bodies.heldBytes, 0);
});

t.test('what is too large or does not fit is left to be streamed, and says why', async (t) => {
  const { bodies, send } = await stage(t, LIMIT);
  const large = await send(head(`Content-Length: ${LIMIT + 1}`));
  t.strictSame(await large.body, {
    kind: 'streamed',
    contentLength: LIMIT + 1,
    because: 'too_large',
  });
  const first = await send(head('Content-Length: 600'));
  t.equal(bodies.heldBytes, 600, 'reserved before it has arrived');
  const second = await send(head('Content-Length: 600'));
  t.strictSame(await second.body, { kind: 'streamed', contentLength: 600, because: 'memory' });
  first.client.write(Buffer.alloc(600));
  bodies.release(await first.body);
  t.equal(bodies.heldBytes, 0);
});

t.test('what need not be held is streamed, but a chunked body needs its length', async (t) => {
  const { send } = await stage(t, 10 * LIMIT, false);
  const streamed = await send(head('Content-Length: 5'), 'hello');
  t.strictSame(await streamed.body, { kind: 'streamed', contentLength: 5, because: undefined });
  const chunked = await send(CHUNKED, chunk(Buffer.from('hello')), LAST);
  const held = await chunked.body;
  t.equal(held.kind === 'held' && held.bytes.whole().toString(), 'hello');
});

t.test('a chunked body that grows too large is refused, and nothing stays held', async (t) => {
  const { bodies, send } = await stage(t);
  const { body } = await send(CHUNKED, chunk(Buffer.alloc(LIMIT)), chunk(Buffer.alloc(1)));
  await t.rejects(body, { code: 'ERR_LENGTH_REQUIRED', status: 411 });
  t.equal(bodies.heldBytes, 0);
});

t.test('a chunked body that outgrows the memory may come again', async (t) => {
  const { bodies, send } = await stage(t, LIMIT);
  const held = await (await send(head('Content-Length: 600'), Buffer.alloc(600))).body;
  const { body } = await send(CHUNKED, chunk(Buffer.alloc(400)), chunk(Buffer.alloc(1)));
  await t.rejects(body, { code: 'ERR_OVERLOADED', status: 503, errcode: -1, retryAfterS: 1 });
  t.equal(bodies.heldBytes, 600, 'the other one stays');
  bodies.release(held);
  t.equal(bodies.heldBytes, 0);
});

t.test('an app that goes away takes its body with it', async (t) => {
  const { bodies, send } = await stage(t);
  for (const parts of [
    [head('Content-Length: 900'), 'part'],
    [CHUNKED, chunk(Buffer.from('part'))],
  ]) {
    const { body, client } = await send(...parts);
    client.destroy();
    await t.rejects(body, { name: 'ClientGone' });
    t.equal(bodies.heldBytes, 0);
  }
});

t.test('an app that waits for leave to send is given it', async (t) => {
  const { send } = await stage(t);
  const { client, body } = await send(head('Content-Length: 5\r\nExpect: 100-continue'));
  const [invitation] = (await client.take(1).toArray()) as Buffer[];
  t.match(invitation?.toString(), /^HTTP\/1\.1 100 /);
  t.ok(body);
});

type Tap = Pick<typeof t, 'teardown'>;
