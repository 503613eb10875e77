/** How upstream and store are, in the words of the status page: from what they did last. */
import type { UpstreamFailure } from '../telemetry/labels.ts';
import type { IssuerFailure, LastCall, LastOutcomes } from '../telemetry/last-outcomes.ts';
import type { Health } from './status.ts';

/** A failure counts until something succeeds, or until it is too old to say much. */
const RECENT_MS = 60_000;
/** Token calls are rarer: one that failed is repeated after a minute and its own timeout. */
const RECENT_TOKEN_CALL_MS = 180_000;

const API_TROUBLE: Readonly<Record<UpstreamFailure, string>> = {
  connect: 'cannot be reached',
  timeout: 'does not answer in time',
  reset: 'breaks off',
};
const TOKEN_TROUBLE: Readonly<Record<IssuerFailure, string>> = {
  network: 'cannot be reached',
  timeout: 'cannot be reached',
  bad_response: 'gives no usable answer',
};

/** API calls and token calls have connections of their own: either may fail while the other works. */
export function upstreamHealth({ apiCall, tokenCall }: LastOutcomes, now: number): Health {
  const troubles = [
    apiCall?.failure && now - apiCall.at <= RECENT_MS
      ? `WeChat ${API_TROUBLE[apiCall.failure]} (API calls), ${ago(apiCall, now)}`
      : undefined,
    tokenCall?.failure && now - tokenCall.at <= RECENT_TOKEN_CALL_MS
      ? `${tokenCall.issuer} ${TOKEN_TROUBLE[tokenCall.failure]} (token calls), ${ago(tokenCall, now)}`
      : undefined,
  ].filter((trouble) => trouble !== undefined);
  if (troubles.length > 0) return { ok: false, words: troubles.join('; ') };
  const [last] = [apiCall, tokenCall]
    .filter((call) => call !== undefined)
    .toSorted((a, b) => b.at - a.at);
  if (last === undefined) return { ok: true, words: 'not called yet' };
  const how = last.failure === undefined ? 'answered' : `last call failed (${last.failure})`;
  return { ok: true, words: `${how} ${ago(last, now)}` };
}

function ago({ at }: LastCall<unknown>, now: number): string {
  return `${Math.round((now - at) / 1000)} s ago`;
}

export function storeHealth({ store }: LastOutcomes): Health {
  if (store === undefined) return { ok: true, words: 'memory' };
  return { ok: store.ok, words: `${store.name}: ${store.ok ? 'works' : 'fails'}` };
}
