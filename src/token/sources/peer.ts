/**
 * Another instance as the source, over WeChat's own protocol: its `issue` endpoints. It is told
 * which token was rejected by a digest, so that a hundred of us rejected together cost it one call.
 */
import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Secret } from '../../telemetry/secret.ts';
import { redactText } from '../../telemetry/redact.ts';
import { TokenCallError, type IssuedToken, type TokenRequest, type TokenSource } from './source.ts';
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
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 421, 508]);

export function peerSource(options: PeerSourceOptions): TokenSource {
  const { dispatcher, origin, appid, key, timeoutMs } = options;
  return {
    name: 'peer',
    rotates: false,
    canForce: false,
    async fetch({ rejected, via }: TokenRequest): Promise<IssuedToken> {
      const answer = await callForToken(
        dispatcher,
        {
          origin,
          method: 'POST',
          path: '/cgi-bin/stable_token',
          headers: {
            'content-type': 'application/json',
            'x-wxproxy-key': key.reveal(),
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
      if (REFUSED.has(answer.status)) throw refusedByPeer(answer);
      return readTokenAnswer(answer.status, answer.body);
    },
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function refusedByPeer({ status, body }: TokenCallAnswer): TokenCallError {
  const words = /"errmsg":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? 'no errmsg';
  return new TokenCallError('refused', `the token peer answered ${status}: ${redactText(words)}`);
}
