import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, startFleet } from '../helpers/fleet.ts';
import { startRedis } from '../helpers/redis.ts';

/** Says at the end which files of the Redis client are loaded. */
const SPY = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module';
  const { cache } = createRequire('${import.meta.filename}');
  process.on('exit', () => {
    const loaded = Object.keys(cache).filter((file) => /node_modules.@?redis/.test(file));
    process.stderr.write('redis files: ' + loaded.length + '\\n');
  });
`)}`;

t.test(
  'the Redis client is loaded where a Redis store is configured, and only there',
  async (t) => {
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const loaded = async (store: string): Promise<number> => {
      const [replica] = await startFleet(t, 1, {
        WXPROXY_UPSTREAM: simulator.url,
        WXPROXY_TOKEN_STORE: store,
        NODE_OPTIONS: `--import=${SPY}`,
      });
      if (replica === undefined) throw new Error('no replica');
      await allReady([replica]);
      replica.kill('SIGTERM');
      const { code, stderr } = await replica.exited;
      t.equal(code, 0);
      return Number(/redis files: (\d+)/.exec(stderr)?.[1]);
    };
    t.equal(await loaded('memory'), 0);
    t.equal(await loaded(`file:${t.testdir({})}/tokens.json`), 0);
    const redis = await startRedis(t);
    if (redis !== undefined) t.ok((await loaded(redis.url)) > 0);
  },
);
