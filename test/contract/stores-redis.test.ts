import t from 'tap';
import { redisStore } from '../../src/token/stores/redis.ts';
import { Secret } from '../../src/telemetry/secret.ts';
import { requireProgram } from '../helpers/programs.ts';
import { startRedis } from '../helpers/redis.ts';
import { storeContract } from './store-contract.ts';

if (requireProgram(t, 'redis-server') !== undefined) {
  storeContract(t, 'redis', async (t) => {
    const redis = await startRedis(t);
    return redisStore({
      url: Secret.of(redis?.url as string),
      timeoutMs: 2000,
      lockMs: 10_000,
      onError: () => {},
    });
  });
}
