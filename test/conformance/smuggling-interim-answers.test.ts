import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { head, hostileStage, isRefusal } from './hostile-stage.ts';

const BODY = '{"a":1}';

for (const path of ['/cgi-bin/x', '/sns/x']) {
  t.test(`leave to send waits for its turn, and gets into no other answer (${path})`, async (t) => {
    const { upstream, connect, proxy } = await hostileStage(t);
    const first = Promise.withResolvers<void>();
    upstream.answer = async (request, reply) => {
      if (request.target.includes('first')) await first.promise;
      await request.whole;
      await reply.send(answerOf(request.target.includes('large') ? 'x'.repeat(100_000) : 'small'));
    };
    const client = await connect(t);
    const expecting = (line: string): string =>
      head(line, 'Expect: 100-continue', `Content-Length: ${BODY.length}`) + BODY;
    client.send(head(`GET ${path}?first`));
    // Complete before their turn comes: a refusal, a small answer, a large one.
    client.send(
      head(`POST ${path}?chunks`, 'Expect: 100-continue', 'Transfer-Encoding: chunked') +
        `7\r\n${BODY}\r\n0\r\n\r\n`,
    );
    client.send(expecting(`POST ${path}?small`) + expecting(`POST ${path}?large`));
    client.send(head(`POST ${path}?nothing`, 'Expect: 100-continue', 'Content-Length: 0'));
    client.send(expecting(`POST ${path}/../smuggled`));
    await delay(100);
    first.resolve();
    const bodies: string[] = [];
    while (bodies.length < 5) {
      const answer = await client.answer();
      if (answer.status === 100) continue;
      t.equal(answer.status, 200);
      t.equal(answer.end, 'whole');
      bodies.push(answer.body.toString());
    }
    const large = bodies.splice(3, 1);
    t.strictSame(bodies, ['small', 'small', 'small', 'small'], 'every answer has its own body');
    t.ok(large[0] === 'x'.repeat(100_000), 'a large one too');
    let last = await client.answer();
    if (last.status === 100) last = await client.answer();
    isRefusal(t, last, { status: 400, code: 'REQUEST_REFUSED' });
    t.equal(await proxy.metric('requests_in_flight'), 0);
  });

  t.test(`leave that is waited for is given, when its turn comes (${path})`, async (t) => {
    const { upstream, connect } = await hostileStage(t);
    const first = Promise.withResolvers<void>();
    upstream.answer = async (request, reply) => {
      if (request.target.includes('first')) await first.promise;
      await request.whole;
      await reply.send(answerOf(request.target.includes('first') ? 'first' : 'second'));
    };
    const client = await connect(t);
    client.send(head(`GET ${path}?first`));
    client.send(head(`POST ${path}`, 'Expect: 100-continue', `Content-Length: ${BODY.length}`));
    await delay(50);
    t.equal(client.unread.length, 0, 'not before the first answer');
    first.resolve();
    t.equal((await client.answer()).body.toString(), 'first');
    t.equal((await client.answer()).status, 100);
    client.send(BODY);
    t.equal((await client.answer()).body.toString(), 'second');
  });
}
