import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, good, startFleet, sumOfMetric, type Env } from '../helpers/fleet.ts';
import { startRedis, type RedisServer } from '../helpers/redis.ts';
import { selfSigned } from '../unit/simulator/certificate.ts';

const STATE = `wxproxy:{${DEMO_ACCOUNT.appid}}:state`;

/** The line that the documentation gives, with a password that has to be encoded in a URL. */
const ACL_USER = (
  /^user proxy on >password .*$/m.exec(
    readFileSync(`${import.meta.dirname}/../../docs/topologies.md`, 'utf8'),
  )?.[0] ?? 'the line is gone'
).replace('>password', '>s3cret/with:marks');

/** Two real replicas with this store share one token of the `token` API. */
async function share(t: Test, store: string, env: Env = {}): Promise<void> {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const replicas = await startFleet(t, 2, {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_TOKEN_STORE: store,
    WXPROXY_TOKEN_API: 'token',
    ...env,
  });
  await allReady(replicas);
  t.equal(simulator.counts.tokenCalls, 1, 'one fetched, the other adopted');
  simulator.revoke();
  for (const { url } of replicas) t.equal(await good(`${url}/wxa/order`), undefined);
  t.equal(simulator.counts.tokenCalls, 2);
  t.equal(await sumOfMetric(replicas, 'store_operations_total', { outcome: 'failed' }), 0);
  for (const { stdout, stderr } of replicas) {
    t.notMatch(stdout + stderr, /s3cret/, 'the password is nowhere to be read');
    t.equal(stderr, '');
  }
}

function withCredentials({ url }: RedisServer, credentials: string, rest = ''): string {
  return url.replace('://', `://${credentials}@`) + rest;
}

t.test('a Redis with a password', async (t) => {
  const redis = await startRedis(t, { config: ['requirepass s3cret/with:marks'] });
  if (redis === undefined) return;
  await share(t, withCredentials(redis, `:${encodeURIComponent('s3cret/with:marks')}`));
});

t.test(
  'a Redis where only an ACL user may do anything, and that no more than needed',
  async (t) => {
    const redis = await startRedis(t, { config: [ACL_USER, 'user default off'] });
    if (redis === undefined) return;
    await share(t, withCredentials(redis, `proxy:${encodeURIComponent('s3cret/with:marks')}`));
  },
);

t.test('a database of its own', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  await share(t, `${redis.url}/7`);
  const client = await redis.client();
  t.equal(await client.exists(STATE), 0);
  await client.select(7);
  t.equal(await client.exists(STATE), 1);
});

t.test('a Redis over TLS, its CA through NODE_EXTRA_CA_CERTS', async (t) => {
  const { key, cert } = selfSigned();
  const keyFile = `${t.testdir({})}/key.pem`;
  const certFile = keyFile.replace('key.pem', 'cert.pem');
  writeFileSync(keyFile, key);
  writeFileSync(certFile, cert);
  const redis = await startRedis(t, { tls: { keyFile, certFile }, config: [ACL_USER] });
  if (redis === undefined) return;
  const store = withCredentials(redis, `proxy:${encodeURIComponent('s3cret/with:marks')}`, '/0');
  await share(t, store, { NODE_EXTRA_CA_CERTS: certFile });

  await t.test('and refused without it', async (t) => {
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const env = { WXPROXY_UPSTREAM: simulator.url, WXPROXY_TOKEN_STORE: store };
    const [replica] = await startFleet(t, 1, env);
    await allReady(replica ? [replica] : []);
    t.match(replica?.stdout, /the token store is down.*/);
    t.match(replica?.stdout, /self-signed certificate/, 'and it says why');
    t.notMatch(replica?.stdout, /s3cret/);
  });
});

t.test('a wrong password is said, and does not stop the proxy', async (t) => {
  const redis = await startRedis(t, { config: ['requirepass s3cret'] });
  if (redis === undefined) return;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const [replica] = await startFleet(t, 1, {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_TOKEN_STORE: withCredentials(redis, ':wr0ng'),
  });
  await allReady(replica ? [replica] : []);
  t.match(replica?.stdout, /WRONGPASS/);
  t.notMatch(replica?.stdout, /wr0ng/);
});
