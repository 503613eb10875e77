import type { IncomingMessage } from 'node:http';
import type { Exchange } from '../exchange.ts';
import type { Relay } from '../relay.ts';

/** A request as it leaves for the upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form, with whatever was injected. Never logged. */
  readonly path: string;
  /**
   * Flat list of names and values as they leave, Content-Length included, no hop-by-hop fields. The lane puts
   * Host before them.
   */
  readonly headers: readonly string[];
  /** Held bytes, perhaps in pieces, the app's request to be streamed, or nothing. */
  readonly body: Buffer | readonly Buffer[] | IncomingMessage | undefined;
  /** May be sent again when a reused connection turns out to be dead: GET and HEAD that change nothing. */
  readonly resendable: boolean;
}

/** One of the two doors through which requests leave. */
export interface Lane {
  /**
   * Sends the request and passes the answer to `relay`; resolves when the answer is complete.
   * @throws {ProxyError} ERR_UPSTREAM_CONNECT, ERR_UPSTREAM_RESET, ERR_UPSTREAM_TIMEOUT
   * @throws {ClientGone}
   */
  send(exchange: Exchange, request: UpstreamRequest, relay: Relay): Promise<void>;
  close(): Promise<void>;
}

export interface LaneOptions {
  /** Origin of the upstream: `https://api.weixin.qq.com`. */
  readonly upstream: URL;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
}

/** Of an answer's head; the number of its fields is not limited besides. */
export const MAX_ANSWER_HEAD_BYTES = 64 * 1024;

/** WeChat closes idle connections at about 20 s; ours are gone well before. */
export const IDLE_CONNECTION_MS = 14_000;

/** As names are resolved: an IPv6 address without its brackets. */
export function bareHostname({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
