import t from 'tap';
import { systemClock } from '../../src/token/clock.ts';
import { fileStore } from '../../src/token/stores/file.ts';
import { storeBench } from './store-bench.ts';
import { storeContract } from './store-contract.ts';

// Of all tests together: it is removed when the last store is closed.
const folder = t.testdir({});
let stores = 0;

storeContract(t, 'file', async () => {
  const { logger, metrics } = await storeBench();
  stores += 1;
  return fileStore({
    path: `${folder}/tokens-${stores}.json`,
    clock: systemClock,
    logger,
    metrics,
  });
});
