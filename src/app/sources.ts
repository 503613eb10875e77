/** Who issues tokens: WeChat, or the peer that holds the AppSecret in our place. */
import type { Credentials } from '../account/account.ts';
import type { Settings } from '../settings/settings.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { observed } from '../token/sources/observed.ts';
import { peerSource } from '../token/sources/peer.ts';
import type { TokenSource } from '../token/sources/source.ts';
import { tokenCallDispatcher } from '../token/sources/token-call.ts';
import { wechatSource } from '../token/sources/wechat.ts';

export interface Sources {
  /** @param current the account's credentials as configured at the moment of a call */
  of(current: () => Credentials): TokenSource;
  /** Ends the token calls that are open. */
  close(): Promise<void>;
}

/** @param via what says to a peer that the call came through here, so that a circle is found */
export function createSources(settings: Settings, metrics: Metrics, via: string): Sources {
  const { upstream, tokenPeer, tokenTimeoutMs: timeoutMs } = settings;
  const issuer = tokenPeer?.url ?? upstream;
  const name = tokenPeer === undefined ? 'WeChat' : 'the token peer';
  const dispatcher = tokenCallDispatcher(issuer, settings);
  return {
    of(current) {
      const { appid, tokenApi } = current();
      const call = { dispatcher, origin: issuer.origin, appid, timeoutMs };
      const source =
        tokenPeer === undefined
          ? wechatSource({ ...call, api: tokenApi, secret: () => current().secret })
          : peerSource({ ...call, key: tokenPeer.key, via });
      return observed(source, (failure) => metrics.last.tokenCalled(name, failure));
    },
    close: () => dispatcher.destroy(),
  };
}
