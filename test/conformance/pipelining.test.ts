import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { LARGE_BODIES, REPLAY_LANE, stageFor, STREAM_LANE } from './on-each-lane.ts';

t.test('pipelined requests of all lanes are answered in their order', async (t) => {
  const { client, upstream } = await stageFor(t, REPLAY_LANE);
  const release = Promise.withResolvers<void>();
  upstream.answer = async (request, reply) => {
    await request.whole;
    const [, number] = /n=(\d)/.exec(request.target) ?? [];
    if (number === '1') await release.promise;
    if (number === '6') release.resolve();
    await reply.send(answerOf(`answer ${number}`));
  };
  const { body } = LARGE_BODIES;
  client.request(`GET ${REPLAY_LANE.path}?n=1`);
  client.request(`GET ${STREAM_LANE.path}?n=2`);
  client.request(`POST ${LARGE_BODIES.path}?n=3`, [`Content-Length: ${body.length}`], body);
  client.request(`GET ${REPLAY_LANE.path}/../x`);
  client.request(`POST ${REPLAY_LANE.path}?n=5`, ['Content-Length: 4'], 'body');
  client.request(`POST ${STREAM_LANE.path}?n=6`, ['Content-Length: 4'], 'body');
  const bodies: string[] = [];
  for (let i = 0; i < 6; i++) bodies.push((await client.answer()).body.toString());
  t.match(bodies[3], /dot segment/);
  bodies[3] = 'refused';
  t.strictSame(bodies, ['answer 1', 'answer 2', 'answer 3', 'refused', 'answer 5', 'answer 6']);
});

t.test('what cannot be read as a request is answered after what came before it', async (t) => {
  const { client, path, upstream } = await stageFor(t, REPLAY_LANE);
  upstream.answer = async (_request, reply) => {
    setTimeout(() => void reply.send(answerOf('first')), 100);
  };
  client.request(`GET ${path}`).send('this is no HTTP\r\n\r\n');
  t.equal((await client.answer()).body.toString(), 'first');
  t.equal((await client.answer()).status, 400);
  t.equal(await client.ended(), 'closed');
});

for (const [first, second] of [
  [REPLAY_LANE, STREAM_LANE],
  [STREAM_LANE, REPLAY_LANE],
] as const) {
  t.test(`a long answer on the ${first.name} keeps the next one back, whole`, async (t) => {
    const { client, upstream } = await stageFor(t, first);
    const long = Buffer.alloc(3 * 1024 * 1024, 'long ');
    const short = Buffer.alloc(1024 * 1024, 'short ');
    upstream.answer = (request, reply) =>
      reply.send(answerOf(request.target.startsWith(first.path) ? long : short));
    client.request(`GET ${first.path}`).request(`GET ${second.path}`);
    t.ok((await client.answer()).body.equals(long));
    t.ok((await client.answer()).body.equals(short));
  });
}
