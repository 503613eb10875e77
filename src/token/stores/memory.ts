import { FORCE_BUDGET, mayForce } from '../schedule.ts';
import type { Token } from '../token.ts';
import type { TokenStore } from './store.ts';

/** The store of one process: gone when it is. Managers keep to one refresh at a time by themselves. */
export function memoryStore(): TokenStore {
  const tokens = new Map<string, Token>();
  const forced = new Map<string, number[]>();
  return {
    name: 'memory',
    load: (appid) => Promise.resolve(tokens.get(appid)),
    save(appid, token) {
      const held = tokens.get(appid);
      if (held !== undefined && held.generation > token.generation) return Promise.resolve(held);
      tokens.set(appid, token);
      return Promise.resolve(token);
    },
    lock: () => Promise.resolve(() => Promise.resolve()),
    takeForce(appid, now) {
      const spent = forced.get(appid) ?? [];
      if (!mayForce(spent, now)) return Promise.resolve(false);
      forced.set(appid, [...spent, now].slice(-FORCE_BUDGET.perDay));
      return Promise.resolve(true);
    },
    close: () => Promise.resolve(),
  };
}
