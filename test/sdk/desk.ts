/** A proxy with two accounts before a simulator, and a wire to it that tells what apps were shown. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { bytes } from '../../src/simulator/media.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { proxyAndSimulator, type RunningProxy } from '../helpers/proxy.ts';
import type { Upload } from './client.ts';
import { layWire, type Wire } from './wire.ts';

export const FIRST: string = DEMO_ACCOUNT.appid;
export const SECOND = 'wxfedcba9876543210';
export const CLIENT_KEY = 'a-client-key-of-some-length';
const SECRETS: Readonly<Record<string, string>> = {
  [FIRST]: DEMO_ACCOUNT.appsecret,
  [SECOND]: 'fedcba9876543210fedcba9876543210',
};

export interface Desk {
  readonly proxy: RunningProxy;
  readonly simulator: Simulator;
  readonly wire: Wire;
  readonly folder: string;
  readonly file: Upload;
  /** Every real token there has been, and both AppSecrets. */
  readonly secrets: () => string[];
  /** API calls that arrived with a token that was good, by the account whose token it was. */
  readonly served: () => Record<string, number>;
}

export async function openDesk(t: Test, clientKey?: string): Promise<Desk> {
  const folder = t.testdir({
    'accounts.json': JSON.stringify([{ appid: SECOND, appsecret: SECRETS[SECOND] }]),
  });
  const { proxy, simulator } = await proxyAndSimulator(
    t,
    {
      WXPROXY_ACCOUNTS_FILE: join(folder, 'accounts.json'),
      ...(clientKey === undefined ? {} : { WXPROXY_CLIENT_KEY: clientKey }),
    },
    { accounts: SECRETS },
  );
  const file = { path: join(folder, 'picture.jpg'), name: 'picture.jpg', bytes: bytes(300_001) };
  writeFileSync(file.path, file.bytes);
  return {
    proxy,
    simulator,
    wire: await layWire(t, proxy.url),
    folder,
    file,
    secrets: () => [...tokensOf(simulator).keys(), ...Object.values(SECRETS)],
    served: () => {
      const tokens = tokensOf(simulator);
      const served = { [FIRST]: 0, [SECOND]: 0 };
      for (const { url } of simulator.requests) {
        const token = new URL(url, simulator.url).searchParams.get('access_token') ?? '';
        const owner = tokens.get(token);
        if (owner !== undefined) served[owner] = (served[owner] ?? 0) + 1;
      }
      return served;
    },
  };
}

/** Token value → appid. The simulator remembers the last two of each account: there must be no more. */
function tokensOf(simulator: Simulator): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const [appid, { stable_token: line }] of Object.entries(simulator.state().accounts)) {
    if (line.issued > 2) throw new Error('the simulator has forgotten a token');
    for (const token of [line.current, line.previous]) {
      if (token !== undefined) tokens.set(token.value, appid);
    }
  }
  return tokens;
}
