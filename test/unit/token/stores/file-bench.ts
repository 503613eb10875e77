import type { Test } from 'tap';
import { fileStore } from '../../../../src/token/stores/file.ts';
import type { StoredState, TokenStore } from '../../../../src/token/stores/store.ts';
import type { Token } from '../../../../src/token/token.ts';
import { storeBench, type StoreBench } from '../../../contract/store-bench.ts';
import { FakeClock } from '../../../helpers/fake-clock.ts';

export const APPID = 'wx1';
export const HOUR = 3_600_000;
export const clock = new FakeClock();
export const TOKEN: Token = {
  value: '90_the-token',
  expiresAt: clock.now() + 2 * HOUR,
  generation: 3,
};
export const UNUSABLE = 'the token file cannot be used: starting without it';
export const UNWRITABLE = 'the token file cannot be written: going on without it';

export async function open(
  path: string,
  at = clock,
): Promise<StoreBench & { readonly store: TokenStore }> {
  const told = await storeBench();
  return { ...told, store: fileStore({ path, clock: at, ...told }) };
}

/** The path of a file that holds the token. */
export async function written(t: Test): Promise<string> {
  const path = `${t.testdir({})}/tokens.json`;
  const { store } = await open(path);
  await store.save(APPID, TOKEN);
  await store.takeForce(APPID, clock.now());
  await store.saveCooldown(APPID, { generation: 3, until: clock.now() + 1, lengthMs: 30_000 });
  await store.close();
  return path;
}

export interface Begun extends StoredState {
  readonly warnings: readonly string[];
  readonly log: string;
}

/** What a store that begins with this file has of the account, and what it says. */
export async function begun(path: string, at = clock): Promise<Begun> {
  const { store, warnings, log } = await open(path, at);
  return { ...(await store.load(APPID)), warnings: warnings(), log: log.join('') };
}
