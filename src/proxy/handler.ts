/**
 * The request path: guard, route, account, body, then one of two lanes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Secret } from '../telemetry/secret.ts';
import { isRejection } from '../wechat/errcodes.ts';
import { quotesToken } from '../wechat/routes.ts';
import type { NoReplay } from '../token/manager.ts';
import type { Token } from '../token/token.ts';
import { readCall, type Call, type CallParts } from './call.ts';
import { conclude, type ConcludeParts } from './conclude.ts';
import type { Exchange, Exchanges } from './exchange.ts';
import type { Lane } from './lanes/lane.ts';
import { outgoingRequest } from './outgoing.ts';
import { Relay } from './relay.ts';
import { answerTokenEndpoint } from './token-endpoint.ts';

export interface HandlerParts extends CallParts, ConcludeParts {
  readonly exchanges: Exchanges;
  readonly replayLane: Lane;
  readonly streamLane: Lane;
  /** The instance that holds the AppSecret in our stead, and what proves us to it. */
  readonly peer: { readonly lane: Lane; readonly key: Secret } | undefined;
  /** Our entry in `Via`, both ways: `1.1 wxproxy-…`. */
  readonly via: string;
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** @returns what serves one request; it never rejects */
export function createHandler(parts: HandlerParts): Handler {
  return async (req, res) => {
    const exchange = parts.exchanges.begin(req, res);
    parts.metrics.requestStarted();
    let call: Call | undefined;
    try {
      parts.guard.checkHead(req);
      call = await readCall(exchange, parts);
      await answer(exchange, call, parts);
      conclude(exchange, parts);
    } catch (error) {
      conclude(exchange, parts, error);
    } finally {
      if (call !== undefined) parts.bodies.release(call.body);
      parts.metrics.requestEnded();
      parts.exchanges.end(exchange);
    }
  };
}

function answer(exchange: Exchange, call: Call, parts: HandlerParts): Promise<void> {
  if (call.route === 'token-endpoint') return answerTokenEndpoint(exchange, call, parts);
  if (call.route !== 'api' || call.body.kind === 'streamed') return sendOnce(exchange, call, parts);
  return sendReplayable(exchange, call, parts);
}

/** At most two sends: the second where WeChat rejected the first one's token and there is another. */
async function sendReplayable(
  exchange: Exchange,
  call: Call & { route: 'api' },
  parts: HandlerParts,
): Promise<void> {
  const { tokens, metrics } = call.account;
  const token = await currentToken(exchange, call);
  exchange.mustBeThere();
  const first = relay(exchange, call, token, true, parts);
  await parts.replayLane.send(exchange, outgoingRequest(exchange, call, token, parts.via), first);
  note(call, first);
  if (!first.rejected) {
    // Noticed too late to be kept from the app: the next request is to do better.
    if (isRejection(first.errcode)) void tokens.rejected(token, false);
    return;
  }
  const other = await exchange.outlast(tokens.rejected(token));
  if (typeof other === 'string') {
    metrics.replaySkipped(other);
    sayNotReplayed(exchange, call, first, other, parts);
    return first.release();
  }
  exchange.mustBeThere();
  const second = relay(exchange, call, other, false, parts);
  try {
    await parts.replayLane.send(
      exchange,
      outgoingRequest(exchange, call, other, parts.via),
      second,
    );
  } catch (error) {
    tokens.replayed(other, 'failed');
    sayReplay(exchange, call, first, { outcome: 'failed' }, parts);
    throw error;
  }
  note(call, second);
  const outcome = isRejection(second.errcode) ? 'rejected' : 'ok';
  tokens.replayed(other, outcome);
  sayReplay(exchange, call, first, { outcome, generation: other.generation }, parts);
}

/** One endpoint that is always refused is many requests: said once, then counted. */
function sayNotReplayed(
  { id }: Exchange,
  { account, canonical }: Call & { route: 'api' },
  { errcode }: Relay,
  reason: NoReplay,
  { failures }: HandlerParts,
): void {
  const { appid } = account;
  const fields = { requestId: id, appid, path: canonical, errcode, reason };
  failures.say('warn', `not replayed: ${reason} ${appid}`, fields, 'rejected and not replayed');
}

function sayReplay(
  { id }: Exchange,
  { account, canonical }: Call,
  { errcode }: Relay,
  result: object,
  { logger }: HandlerParts,
): void {
  logger.info(
    { requestId: id, appid: account?.appid, path: canonical, errcode, ...result },
    'replay',
  );
}

/** What cannot be replayed still tells what its answer says of the token. */
async function sendOnce(exchange: Exchange, call: Call, parts: HandlerParts): Promise<void> {
  const token =
    call.route === 'api' ? await exchange.outlast(call.account.tokens.getSettled()) : undefined;
  exchange.mustBeThere();
  const peer = call.route === 'code-exchange' ? parts.peer : undefined;
  const lane = peer?.lane ?? parts.streamLane;
  const request = outgoingRequest(exchange, call, token, parts.via, peer?.key);
  const passed = relay(exchange, call, token, false, parts);
  await lane.send(exchange, request, passed);
  note(call, passed);
  if (call.route !== 'api' || token === undefined || !isRejection(passed.errcode)) return;
  if (call.body.kind === 'streamed') {
    call.account.metrics.replaySkipped(call.body.because ?? 'too_large');
  }
  void call.account.tokens.rejected(token, false);
}

/** At once where there is one. */
function currentToken(
  exchange: Exchange,
  { account }: Call & { route: 'api' },
): Token | Promise<Token> {
  const token = account.tokens.get();
  return token instanceof Promise ? exchange.outlast(token) : token;
}

function relay(
  exchange: Exchange,
  call: Call,
  token: Token | undefined,
  withhold: boolean,
  { via }: HandlerParts,
): Relay {
  const secrets = token === undefined ? [] : [token.value];
  const secret = call.route === 'code-exchange' ? call.account.secret?.reveal() : undefined;
  if (secret !== undefined) secrets.push(secret);
  return new Relay(exchange, { via, withhold, secrets, quotes: quotesToken(call.canonical) });
}

function note({ route, account }: Call, { errcode }: Relay): void {
  if (errcode === undefined || errcode === 0) return;
  account?.metrics.upstreamErrcode(errcode);
  if (route === 'api' && isRejection(errcode)) account?.metrics.rejected(errcode);
}
