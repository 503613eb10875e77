/**
 * Loaded into the real program before all else: its wall clock can be set while it runs. The number of
 * milliseconds by which it is wrong is read from the file `SHIFTED_CLOCK` whenever SIGUSR2 comes. The
 * monotonic clock and timers notice nothing, as with a real one.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.env['SHIFTED_CLOCK'];
if (path !== undefined) {
  const RealDate = Date;
  let byMs = 0;
  process.on('SIGUSR2', () => {
    byMs = Number(readFileSync(path, 'utf8'));
    writeFileSync(`${path}.set`, String(byMs));
  });
  const now = (): number => RealDate.now() + byMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given) as Date,
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
}
