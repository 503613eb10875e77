/**
 * Loaded into the real program before all else: collects its garbage when SIGUSR2 comes, so that what
 * it keeps can be told from what it has not got round to drop.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => {
  collect();
  setImmediate(collect); // what finalizers let go of
});
