import { once } from 'node:events';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import t from 'tap';
import { figure } from '../helpers/figures.ts';
import { serverAndSimulator } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { send, tally, Traffic, type Outgoing } from './traffic.ts';

const APPS = 300;
const TRANSFERS = 10;
const UPLOAD = Buffer.alloc(400_000, 'upload ');
const DOWNLOAD_BYTES = 8_000_000;
const MULTIPART = { 'content-type': 'multipart/form-data; boundary=x' };

/** Both lanes: what is larger than 64 KiB is streamed here. */
const ENV = {
  WXPROXY_REPLAY_BODY_LIMIT: '64KiB',
  WXPROXY_DRAIN_DELAY: '2s',
  WXPROXY_MAX_CONNECTIONS: '1024',
};

t.test('SIGTERM under load loses no request', async (t) => {
  const { server, simulator } = await serverAndSimulator(t, ENV, { loggedRequests: 200_000 });
  simulator.fault({ kind: 'delay', delayMs: 1200, path: '/wxa/slow', count: 'forever' });
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  t.teardown(() => agent.destroy());

  const uploads = Array.from({ length: TRANSFERS }, () => slowUpload(server.url));
  const downloads = Array.from({ length: TRANSFERS }, () => slowDownload(server.url));
  const held = await Promise.all(downloads.map(({ begun }) => begun));
  const traffic = new Traffic(server.url, { apps: APPS, next: nextRequest, pauseMs: 5 }, agent);
  await until(() => traffic.sent.length > 2 * APPS, 'the load is on');

  server.kill('SIGTERM');
  const readiness = await until503(server.admin);
  t.ok(readiness, 'not ready first');
  const early = await send(server.url, { path: '/wxa/order' });
  t.equal(early.status, 200, 'and it still serves until the drain delay is over');
  await until(async () => (await send(server.url, { path: '/x' })).outcome === 'refused', 'closed');
  for (const { finish } of [...uploads, ...downloads]) finish();
  const sent = await traffic.stop();
  const { code, signal, stderr } = await server.exited;

  t.strictSame({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const counts = tally(sent);
  t.equal(counts.lost, 0, JSON.stringify(counts));
  t.equal(sent.filter(({ outcome, status }) => outcome === 'whole' && status !== 200).length, 0);
  const carriedOut = new Set(simulator.requests.map(({ url }) => /[?&]id=(t\d+)/.exec(url)?.[1]));
  const executed = sent.filter(({ outcome, id }) => outcome !== 'whole' && carriedOut.has(id));
  t.equal(executed.length, 0, 'what got no answer was not sent to WeChat: it can be sent again');
  t.ok(counts.whole > 2 * APPS);
  t.strictSame(
    await Promise.all(uploads.map(({ answer }) => answer)),
    uploads.map(() => 200),
    'uploads in progress arrive whole',
  );
  t.strictSame(
    await Promise.all(downloads.map(({ received }) => received)),
    downloads.map(() => DOWNLOAD_BYTES),
    'and downloads',
  );
  t.equal(held.length, TRANSFERS);
  figure('requests in flight at SIGTERM that were lost', counts.lost + executed.length, 'requests');
  figure('requests answered around a SIGTERM', counts.whole + 2 * TRANSFERS, 'requests');
});

/** A third of the apps wait for slow answers, a third sends bodies of either lane. */
function nextRequest(app: number): Outgoing {
  if (app % 3 === 0) return { path: '/wxa/slow' };
  if (app % 3 === 1) return { path: '/wxa/order' };
  const path = '/cgi-bin/media/upload?type=image';
  const body = UPLOAD.subarray(0, app % 2 === 0 ? 2048 : 100_000);
  return { method: 'POST', path, headers: MULTIPART, body };
}

async function until503(admin: string): Promise<boolean> {
  await until(async () => (await fetch(`${admin}/readyz`)).status === 503, 'not ready');
  return true;
}

/** Half of it is sent at once, the rest when `finish` is called. */
function slowUpload(url: string) {
  const upload = request(`${url}/cgi-bin/media/upload?type=image`, {
    method: 'POST',
    headers: { ...MULTIPART, 'content-length': UPLOAD.length },
  });
  upload.write(UPLOAD.subarray(0, UPLOAD.length / 2));
  const answer = once(upload, 'response').then(([res]: IncomingMessage[]) => {
    res?.resume();
    return res?.statusCode;
  });
  return { answer, finish: () => void upload.end(UPLOAD.subarray(UPLOAD.length / 2)) };
}

/** The head is read at once, the body when `finish` is called. */
function slowDownload(url: string) {
  const begun = once(
    get(`${url}/cgi-bin/media/get?media_id=m&bytes=${DOWNLOAD_BYTES}`),
    'response',
  ) as Promise<[IncomingMessage]>;
  const finishing = Promise.withResolvers<void>();
  const received = (async () => {
    const [res] = await begun;
    await finishing.promise;
    let bytes = 0;
    for await (const chunk of res) bytes += (chunk as Buffer).length;
    return bytes;
  })();
  return { begun, received, finish: () => finishing.resolve() };
}
