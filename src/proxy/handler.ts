/**
 * The request path: guard, route, account, body, then one of two lanes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Secret } from '../telemetry/secret.ts';
import { isRejection } from '../wechat/errcodes.ts';
import { readCall, type Call, type CallParts } from './call.ts';
import { conclude, type ConcludeParts } from './conclude.ts';
import type { Exchange, Exchanges } from './exchange.ts';
import type { Lane } from './lanes/lane.ts';
import { outgoingRequest } from './outgoing.ts';
import { relayOf } from './relay.ts';
import { noteErrcode, replay } from './replay.ts';
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

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Nothing is awaited here that is there already, and the way that nearly all requests take is one function:
 * each promise costs every request, and this one costs three.
 * @returns what serves one request; it never rejects
 */
export function createHandler(parts: HandlerParts): Handler {
  const { guard, exchanges, metrics, bodies, replayLane, via } = parts;
  return async (req, res) => {
    const exchange = exchanges.begin(req, res);
    metrics.requestStarted();
    let call: Call | undefined;
    try {
      guard.checkHead(req);
      const read = readCall(exchange, parts);
      call = read instanceof Promise ? await read : read;
      if (call.route === 'token-endpoint') await answerTokenEndpoint(exchange, call, parts);
      else if (call.route !== 'api' || call.body.kind === 'streamed') {
        await sendOnce(exchange, call, parts);
      } else {
        const got = call.account.tokens.get();
        const token = got instanceof Promise ? await exchange.outlast(got) : got;
        exchange.mustBeThere();
        const request = outgoingRequest(exchange, call, token, via);
        const relay = relayOf(exchange, call, token, true, via);
        await replayLane.send(exchange, request, relay);
        noteErrcode(call, relay.errcode);
        if (isRejection(relay.errcode)) await replay(exchange, call, token, relay, parts);
      }
      conclude(exchange, parts);
    } catch (error) {
      conclude(exchange, parts, error);
    } finally {
      if (call !== undefined) bodies.release(call.body);
      metrics.requestEnded();
      exchanges.end(exchange);
    }
  };
}

/** What cannot be replayed still tells what its answer says of the token. */
async function sendOnce(exchange: Exchange, call: Call, parts: HandlerParts): Promise<void> {
  const token =
    call.route === 'api' ? await exchange.outlast(call.account.tokens.getSettled()) : undefined;
  exchange.mustBeThere();
  const peer = call.route === 'code-exchange' ? parts.peer : undefined;
  const lane = peer?.lane ?? parts.streamLane;
  const request = outgoingRequest(exchange, call, token, parts.via, peer?.key);
  const relay = relayOf(exchange, call, token, false, parts.via);
  await lane.send(exchange, request, relay);
  noteErrcode(call, relay.errcode);
  if (call.route !== 'api' || token === undefined || !isRejection(relay.errcode)) return;
  if (call.body.kind === 'streamed') {
    call.account.metrics.replaySkipped(call.body.because ?? 'too_large');
  }
  void call.account.tokens.rejected(token, false);
}
