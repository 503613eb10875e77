/**
 * Another instance as the source, over WeChat's own protocol: its `issue` endpoints. It is told
 * which token was rejected by a digest, so that a hundred of us rejected together cost it one call.
 */
import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Secret } from '../../telemetry/secret.ts';
import { redactText } from '../../telemetry/redact.ts';
import { tokenFailure } from '../../wechat/errcodes.ts';
import {
  PeerCircleError,
  TokenCallError,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
} from './source.ts';
import { ShownSecret } from './shown-secret.ts';
import { readTokenAnswer } from './token-answer.ts';
import { callForToken, type TokenCallAnswer } from './token-call.ts';

export interface PeerSourceOptions {
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
          path: '/cgi-bin/stable_token',
          headers: {
            'content-type': 'application/json',
            'x-wxproxy-key': key.show(),
            via: via === undefined ? options.via : `${via}, ${options.via}`,
            ...(rejected === undefined ? {} : { 'x-wxproxy-rejected': digest(rejected) }),
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

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** In the peer's own words; they quote WeChat's where WeChat refused it. */
function failedAtPeer({ status, body }: TokenCallAnswer): TokenCallError {
  const { errcode, errmsg } = (parseJson(body) ?? {}) as { errcode?: unknown; errmsg?: unknown };
  const words = typeof errmsg === 'string' ? redactText(errmsg) : 'no errmsg';
  const message = `the token peer answered ${status}: ${words}`;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy between us may answer with a page
  }
}
