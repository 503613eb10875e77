import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startProxy, until, untilReady } from '../helpers/proxy.ts';
import { rawClient, type RawClient } from '../helpers/raw-client.ts';
import { answerOf } from '../helpers/raw-reply.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';
import { failures, head, isRefusal } from './hostile-stage.ts';

const GARBAGE = 'this is no request\r\n\r\n';
const BROKEN = `${head('POST /cgi-bin/broken', 'Transfer-Encoding: chunked')}no chunk\r\n`;
const MISFRAMED = `${head('POST /cgi-bin/x', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`;
const AMBIGUOUS = head('POST /cgi-bin/x', 'Content-Length: 1', 'Transfer-Encoding: chunked');
const errors = [
  ['garbage', GARBAGE, 400],
  ['a body that cannot be read', BROKEN, 400],
  ['an unknown transfer coding', MISFRAMED, 400],
  ['ambiguous framing', AMBIGUOUS, 400],
  ['CONNECT', head('CONNECT localhost:80'), 405],
  ['a head that is too large', head('GET /cgi-bin/x', `X-A: ${'x'.repeat(40_000)}`), 431],
] as const;

for (const [what, bytes, status] of errors) {
  for (const path of ['/cgi-bin/first', '/sns/first']) {
    t.test(`the answer under way is whole before ${what} is refused (${path})`, async (t) => {
      const { upstream, proxy, client } = await stage(t);
      const body = 'x'.repeat(50_000);
      const rest = Promise.withResolvers<void>();
      upstream.answer = async (request, reply) => {
        if (!request.target.includes('first')) return reply.send(answerOf('second'));
        const whole = answerOf(body);
        await reply.send(whole.subarray(0, 1000));
        await rest.promise;
        await reply.send(whole.subarray(1000));
      };
      client.send(head(`GET ${path}`));
      await client.available(900);
      // What comes behind an error is unheard, however much it is.
      client.send(bytes);
      for (let n = 0; n < 5; n++) {
        await delay(10);
        client.send(head('GET /cgi-bin/behind') + GARBAGE);
      }
      rest.resolve();
      const first = await client.answer();
      t.equal(first.status, 200);
      t.equal(first.end, 'whole');
      t.ok(first.body.equals(Buffer.from(body)), 'not a byte of the error is in it');
      isRefusal(t, await client.answer(), { status, code: 'REQUEST_REFUSED' });
      t.equal(await client.ended(), 'closed');
      t.equal(client.unread.length, 0, 'then nothing');
      t.equal(upstream.requests.length, 1, 'nothing behind the error was forwarded');
      t.equal(await proxy.metric('requests_refused_total'), 1, 'it is counted once');
      t.strictSame(failures(proxy), []);
    });
  }

  t.test(`a client that resets right behind ${what} harms nobody`, async (t) => {
    const { proxy, upstream } = await stage(t);
    const clients: RawClient[] = [];
    for (let n = 0; n < 20; n++) {
      const client = await rawClient(t, proxy.url);
      clients.push(client.send(n % 2 === 0 ? bytes : head('GET /cgi-bin/first') + bytes));
    }
    await delay(20);
    for (const client of clients) client.reset();
    await until(
      async () => (await proxy.metric('requests_in_flight')) === 0,
      'no request is in flight',
    );
    upstream.answer = answerOf('alive');
    const client = await rawClient(t, proxy.url);
    t.equal((await client.request('GET /cgi-bin/x').answer()).body.toString(), 'alive');
    t.strictSame(failures(proxy), []);
  });
}

for (const [what, bytes, status] of errors) {
  t.test(`answers that wait for their turn come before the refusal of ${what}`, async (t) => {
    const { upstream, client } = await stage(t);
    const first = Promise.withResolvers<void>();
    let answered = 0;
    upstream.answer = async ({ target }, reply) => {
      const name = /\w+$/.exec(target.split('?')[0] as string)?.[0] as string;
      if (name === 'first') await first.promise;
      await reply.send(answerOf(name));
      answered++;
    };
    const requests = ['first', 'second', 'third'].map((name) => head(`GET /cgi-bin/${name}`));
    client.send(requests.join('') + bytes);
    await until(() => answered === 2, 'the second and third are answered');
    await delay(20);
    first.resolve();
    for (const name of ['first', 'second', 'third']) {
      t.equal((await client.answer()).body.toString(), name);
    }
    isRefusal(t, await client.answer(), { status, code: 'REQUEST_REFUSED' });
    t.equal(await client.ended(), 'closed');
  });
}

t.test('answers that nobody has read yet come before a refusal', async (t) => {
  const { upstream, proxy, client } = await stage(t);
  const count = 500;
  // More than the system takes off the proxy's hands.
  const body = 'x'.repeat(15_000);
  upstream.answer = answerOf(body);
  client.socket.pause();
  client.send(head('GET /x').repeat(count) + GARBAGE);
  await until(() => upstream.requests.length === count, 'all of them reach the upstream');
  await until(
    async () => (await proxy.metric('requests_in_flight')) === 0,
    'all of them are answered',
  );
  client.socket.resume();
  let whole = 0;
  for (let n = 0; n < count; n++) {
    if ((await client.answer()).body.toString() === body) whole++;
  }
  t.equal(whole, count);
  isRefusal(t, await client.answer(), { status: 400, code: 'REQUEST_REFUSED' });
  t.equal(await client.ended(), 'closed');
});

// Node lets go of a connection with CONNECT: nobody would notice any more that its client reads on.
t.test(
  'an answer that its client does not read is cut short where CONNECT follows, and leaves nothing behind',
  async (t) => {
    const { upstream, proxy, client } = await stage(t);
    upstream.answer = answerOf('x'.repeat(8_000_000));
    client.socket.pause();
    client.send(head('GET /cgi-bin/large') + head('CONNECT localhost:80'));
    await until(() => upstream.requests.length === 1, 'it reaches the upstream');
    await until(async () => (await proxy.metric('requests_in_flight')) === 0, 'it is given up');
    client.socket.resume();
    t.equal((await client.answer()).end, 'cut');
  },
);

t.test('an answer without a length to an HTTP/1.0 client ends where it ends', async (t) => {
  const { upstream, client } = await stage(t);
  upstream.answer = async (_request, reply) => {
    await reply.send('HTTP/1.1 200 OK\r\n\r\nfirst half, ');
    await delay(50);
    await reply.send('second half');
    reply.cut();
  };
  client.send(`${head('GET /cgi-bin/first HTTP/1.0')}${GARBAGE}`);
  const { body } = await client.answer();
  t.equal(body.toString(), 'first half, second half');
});

t.test('an upload that is refused and goes on malformed gets one answer', async (t) => {
  const { upstream, client } = await stage(t);
  client.request('POST //cgi-bin/x', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n');
  isRefusal(t, await client.answer(), { status: 400, code: 'REQUEST_REFUSED', says: /slash/ });
  client.send('no chunk\r\n');
  t.equal(await client.ended(), 'closed');
  t.equal(client.unread.length, 0);
  t.equal(upstream.requests.length, 0);
});

t.test('a client that goes away in the middle of its body leaves nothing behind', async (t) => {
  const { proxy } = await stage(t);
  for (const fields of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    for (const path of ['/cgi-bin/x', '/sns/x']) {
      const client = await rawClient(t, proxy.url);
      client.request(`POST ${path}`, [fields], '5\r\n');
      await until(
        async () => (await proxy.metric('requests_in_flight')) === 1,
        'the request is in flight',
      );
      client.socket.end();
      await until(
        async () => (await proxy.metric('requests_in_flight')) === 0,
        'it is noticed, long before the idle timeout',
      );
    }
  }
});

async function stage(t: Test): Promise<{
  upstream: RawUpstream;
  proxy: Awaited<ReturnType<typeof startProxy>>;
  client: RawClient;
}> {
  const upstream = await startRawUpstream(t);
  const proxy = await startProxy(t, { upstream: upstream.url });
  await untilReady(proxy);
  return { upstream, proxy, client: await rawClient(t, proxy.url) };
}
