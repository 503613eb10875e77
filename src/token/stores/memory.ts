import { FORCE_BUDGET, mayForce } from '../force-budget.ts';
import type { Token } from '../token.ts';
import type { StoredCooldown, TokenStore } from './store.ts';
import { Turns } from './turns.ts';

/** What a store of one process keeps of an account. */
export interface AccountRecord {
  token?: Token | undefined;
  cooldown?: StoredCooldown | undefined;
  /** Epoch ms of each `force_refresh`, oldest first. */
  forced?: readonly number[];
}

/**
 * The store of one process: gone when it is. An account has two managers for a while when it goes
 * out of use and comes back during a refresh: they take turns here.
 * @param records what is known at the start
 * @param changed called after every change
 */
export function memoryStore(
  records = new Map<string, AccountRecord>(),
  changed: () => void = () => {},
): TokenStore {
  const turns = new Turns();
  const change = (appid: string, news: AccountRecord): void => {
    records.set(appid, { ...records.get(appid), ...news });
    changed();
  };
  return {
    name: 'memory',
    shared: false,
    load(appid) {
      const { token, cooldown } = records.get(appid) ?? {};
      return Promise.resolve({ token, cooldown });
    },
    save(appid, token) {
      const held = records.get(appid)?.token;
      if (held !== undefined && isNewer(held, token)) return Promise.resolve(held);
      change(appid, { token });
      return Promise.resolve(token);
    },
    saveCooldown(appid, cooldown) {
      const held = records.get(appid)?.cooldown;
      const isKept = cooldown !== undefined && held !== undefined && endsLater(held, cooldown);
      if (!isKept) change(appid, { cooldown });
      return Promise.resolve();
    },
    lock: (appid) => turns.take(appid),
    takeForce(appid, now) {
      const spent = records.get(appid)?.forced ?? [];
      if (!mayForce(spent, now)) return Promise.resolve(false);
      change(appid, { forced: [...spent, now].slice(-FORCE_BUDGET.perDay) });
      return Promise.resolve(true);
    },
    close: () => Promise.resolve(),
  };
}

/** The rule of `save`; the scripts of the Redis store have it too. */
function isNewer(held: Token, token: Token): boolean {
  if (held.generation !== token.generation) return held.generation > token.generation;
  return held.value !== token.value;
}

/** The rule of `saveCooldown`, likewise. */
function endsLater(held: StoredCooldown, cooldown: StoredCooldown): boolean {
  if (held.generation !== cooldown.generation) return held.generation > cooldown.generation;
  return held.until > cooldown.until;
}
