import t from 'tap';
import { systemClock } from '../../src/token/clock.ts';
import { fileStore } from '../../src/token/stores/file.ts';
import { storeBench } from './store-bench.ts';
import { storeContract } from './store-contract.ts';

storeContract(t, 'file', async (t) => {
  const { logger, metrics } = await storeBench();
  return fileStore({ path: `${t.testdir({})}/tokens.json`, clock: systemClock, logger, metrics });
});
