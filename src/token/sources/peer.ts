/**
 * Another instance as the source, over WeChat's own protocol: its `issue` endpoints. It is told
 * which token was rejected by a digest, so that a hundred of us rejected together cost it one call.
 */
import type { Dispatcher } from 'undici';
import type { Secret } from '../../telemetry/secret.ts';
import { tokenFailure } from '../../wechat/errcodes.ts';
import { TOKEN_PATHS } from '../../wechat/token-endpoints.ts';
import { KEY_FIELD, REJECTED_FIELD } from '../peer-protocol.ts';
import { digestOf } from '../token.ts';
import { ShownSecret } from './shown-secret.ts';
import {
  PeerCircleError,
  TokenCallError,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
} from './source.ts';
import { parseObject, readTokenAnswer, wordsOf } from './token-answer.ts';
import { callForToken, type TokenCallAnswer } from './token-call.ts';

interface PeerSourceOptions {
  readonly dispatcher: Dispatcher;
  /** `http://central:8080` */
  readonly origin: string;
  readonly appid: string;
  /** What proves us to the peer. */
  readonly key: Secret;
  /** Our entry in `Via`: `1.1 wxproxy-…`. */
  readonly via: string;
  readonly timeoutMs: number;
}

/** The peer's word that asking again changes nothing until somebody changes its settings or ours. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 421]);
/** What an instance gives apps that ask it for a token, unless it is told to issue real ones. */
const PLACEHOLDER = /^wxp-/;

/** Instances tell each other to the millisecond what is left of a token's life. */
const LEAST_LIFE_S = 0.001;

export function peerSource(options: PeerSourceOptions): TokenSource {
  const { dispatcher, origin, appid, timeoutMs } = options;
  const key = new ShownSecret(() => options.key);
  return {
    name: 'peer',
    rotates: false,
    canForce: false,
    hasChanged: () => key.hasChanged(),
    async fetch({ rejected, via }: TokenRequest): Promise<IssuedToken> {
      const answer = await callForToken(
        dispatcher,
        {
          origin,
          method: 'POST',
          path: TOKEN_PATHS.stable_token,
          headers: {
            'content-type': 'application/json',
            [KEY_FIELD]: key.show(),
            via: via === undefined ? options.via : `${via}, ${options.via}`,
            ...(rejected === undefined ? {} : { [REJECTED_FIELD]: digestOf(rejected) }),
          },
          body: JSON.stringify({
            grant_type: 'client_credential',
            appid,
            force_refresh: rejected !== undefined,
          }),
        },
        timeoutMs,
      );
      if (answer.status !== 200) throw failedAtPeer(answer);
      const issued = readTokenAnswer(answer.status, answer.body, LEAST_LIFE_S);
      if (PLACEHOLDER.test(issued.value)) throw givesPlaceholders();
      return issued;
    },
  };
}

/** In the peer's own words; they quote WeChat's where WeChat refused it. */
function failedAtPeer({ status, body }: TokenCallAnswer): TokenCallError {
  const answer = parseObject(body) ?? {};
  const { errcode } = answer;
  const message = `the token peer answered ${status}: ${wordsOf(answer)}`;
  if (status === 508) return new PeerCircleError(message);
  if (REFUSED.has(status)) return new TokenCallError('refused', message);
  if (typeof errcode !== 'number') return new TokenCallError('bad_response', message);
  return new TokenCallError(tokenFailure(errcode), message, { errcode });
}

function givesPlaceholders(): TokenCallError {
  return new TokenCallError(
    'refused',
    'the token peer hands out placeholders: it must run with WXPROXY_TOKEN_ENDPOINTS=issue',
  );
}
