/** The end of every exchange: its answer if it has none yet, its metrics, its line in the log. */
import { ClientGone, ProxyError, type ErrorCode } from '../errors.ts';
import type { RefusalReason } from '../telemetry/labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { queryKeys } from '../telemetry/redact.ts';
import type { RepeatedLog } from '../telemetry/repeated-log.ts';
import { respondError } from './error-response.ts';
import type { Exchange } from './exchange.ts';
import { UpstreamError } from './lanes/upstream-error.ts';

/** What a client that went away is counted as; no client ever sees it. */
const CLIENT_GONE_STATUS = 499;
/** How long the rest of a refused body is read, so that its sender gets to see the answer. */
const LINGER_MS = 5000;

const REFUSALS: Partial<Record<ErrorCode, RefusalReason>> = {
  ERR_REQUEST_REFUSED: 'request_refused',
  ERR_CLIENT_KEY: 'client_key',
  ERR_FORBIDDEN: 'forbidden',
  ERR_ACCOUNT_UNKNOWN: 'account_unknown',
  ERR_LENGTH_REQUIRED: 'length_required',
  ERR_MISDIRECTED: 'misdirected',
  ERR_LOOP: 'loop',
  ERR_OVERLOADED: 'overloaded',
  ERR_DRAINING: 'draining',
};

export interface ConcludeParts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** For failures that are not the app's: one outage is many requests. */
  readonly failures: RepeatedLog;
}

/** @param error why there is no whole answer; undefined where there is one */
export function conclude(exchange: Exchange, parts: ConcludeParts, error?: unknown): void {
  const { req, res } = exchange;
  if (error !== undefined) concludeFailure(exchange, parts, error);
  // One without a body may not be complete yet, but is at its end.
  if (!req.complete && !req.readableEnded) linger(exchange);
  const status = exchange.gone ? CLIENT_GONE_STATUS : res.statusCode;
  const durationMs = performance.now() - exchange.startedMs;
  if (exchange.route !== undefined) {
    const metrics = exchange.account?.metrics ?? parts.metrics.unattributed;
    metrics.requestEnded(exchange.route, status, durationMs / 1000);
    if (error === undefined && exchange.route !== 'token-endpoint') {
      parts.metrics.last.apiCalled(undefined);
    }
  }
  if (parts.logger.isLevelEnabled('debug')) {
    parts.logger.debug(
      { ...describe(exchange), status, durationMs: Math.round(durationMs * 10) / 10 },
      'request',
    );
  }
}

function concludeFailure(
  exchange: Exchange,
  { metrics, logger, failures }: ConcludeParts,
  error: unknown,
): void {
  if (error instanceof ClientGone || exchange.gone) {
    metrics.clientAborted();
    exchange.res.destroy();
    return;
  }
  const known =
    error instanceof ProxyError
      ? error
      : new ProxyError('ERR_INTERNAL', 'the proxy failed; its log says why', { cause: error });
  const reason = REFUSALS[known.code];
  if (reason !== undefined) metrics.refused(reason);
  if (known instanceof UpstreamError) {
    (exchange.account?.metrics ?? metrics.unattributed).upstreamFailed(known.reason);
    metrics.last.apiCalled(known.reason);
  }
  const fields = { ...describe(exchange), code: known.code, status: known.status, err: known };
  if (reason !== undefined) logger.info(fields, 'request refused');
  else {
    const level = known.code === 'ERR_INTERNAL' ? 'error' : 'warn';
    failures.say(level, `${known.code} ${exchange.appid ?? ''}`, fields, 'request failed');
  }
  respondError(exchange, known);
}

/** What may be said of a request: no value of its query, no header. */
function describe({ id, req, route, appid }: Exchange): Record<string, unknown> {
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  return {
    requestId: id,
    method: req.method,
    path: mark === -1 ? url : url.slice(0, mark),
    queryKeys: mark === -1 ? [] : queryKeys(url.slice(mark + 1)),
    route,
    appid,
  };
}

/**
 * The answer went out while the app was still sending. Cutting it off at once would reset the
 * connection and the answer with it (RFC 9112 section 9.6), so the rest is read, for a while.
 */
function linger({ req }: Exchange): void {
  const { socket } = req;
  if (socket.destroyed) return;
  req.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  const clear = (): void => clearTimeout(timer);
  req.once('end', clear);
  socket.once('close', clear);
}
