/** What follows when WeChat calls a token bad whose request can be sent again. */
import type { Logger } from '../telemetry/logger.ts';
import type { RepeatedLog } from '../telemetry/repeated-log.ts';
import type { NoReplay } from '../token/manager.ts';
import type { Token } from '../token/token.ts';
import { isRejection } from '../wechat/errcodes.ts';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import type { Lane } from './lanes/lane.ts';
import { outgoingRequest } from './outgoing.ts';
import { relayOf, type Relay } from './relay.ts';

type ApiCall = Call & { route: 'api' };

interface ReplayParts {
  readonly replayLane: Lane;
  readonly via: string;
  readonly logger: Logger;
  /** For what one endpoint that is always refused makes of many requests. */
  readonly failures: RepeatedLog;
}

/**
 * The second send, and the last one: with another token, where there is one.
 * @param token which was rejected
 * @param first what holds the rejection
 * @throws {ProxyError} what the lane throws
 * @throws {ClientGone}
 */
export async function replay(
  exchange: Exchange,
  call: ApiCall,
  token: Token,
  first: Relay,
  parts: ReplayParts,
): Promise<void> {
  const { replayLane: lane, via } = parts;
  const { tokens, metrics } = call.account;
  if (!first.rejected) {
    // Noticed too late to be kept from the app: the next request is to do better.
    void tokens.rejected(token, false);
    return;
  }
  const other = await exchange.outlast(tokens.rejected(token));
  if (typeof other === 'string') {
    metrics.replaySkipped(other);
    sayNotReplayed(exchange, call, first, other, parts);
    return first.release();
  }
  exchange.mustBeThere();
  const second = relayOf(exchange, call, other, false, via);
  try {
    await lane.send(exchange, outgoingRequest(exchange, call, other, via), second);
  } catch (error) {
    tokens.replayed(other, 'failed');
    sayReplay(exchange, call, first, { outcome: 'failed' }, parts);
    throw error;
  }
  noteErrcode(call, second.errcode);
  const outcome = isRejection(second.errcode) ? 'rejected' : 'ok';
  tokens.replayed(other, outcome);
  sayReplay(exchange, call, first, { outcome, generation: other.generation }, parts);
}

/** Counts what WeChat answered. */
export function noteErrcode({ route, account }: Call, errcode: number | undefined): void {
  if (errcode === undefined || errcode === 0) return;
  account?.metrics.upstreamErrcode(errcode);
  if (route === 'api' && isRejection(errcode)) account?.metrics.rejected(errcode);
}

/** One endpoint that is always refused is many requests: said once, then counted. */
function sayNotReplayed(
  { id }: Exchange,
  { account, canonical }: ApiCall,
  { errcode }: Relay,
  reason: NoReplay,
  { failures }: ReplayParts,
): void {
  const { appid } = account;
  const fields = { requestId: id, appid, path: canonical, errcode, reason };
  failures.say('warn', `not replayed: ${reason} ${appid}`, fields, 'rejected and not replayed');
}

function sayReplay(
  { id }: Exchange,
  { account, canonical }: ApiCall,
  { errcode }: Relay,
  result: object,
  { logger }: ReplayParts,
): void {
  logger.info(
    { requestId: id, appid: account.appid, path: canonical, errcode, ...result },
    'replay',
  );
}
