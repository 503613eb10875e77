import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lengthRefused, ok, type Answer } from './answers.ts';
import { callOf, pathOf } from './call.ts';
import { answerControl, isControlPath } from './control-path.ts';
import type { Controls } from './controls.ts';
import { answerOf } from './fault-answers.ts';
import type { Fault } from './faults.ts';
import { misbehave } from './misbehave.ts';
import { EMPTY_BODY, hasBody, receive, type ReceivedBody } from './request-body.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import { encode, send } from './send.ts';
import { answerCall } from './answer-call.ts';
import type { World } from './world.ts';

/** One request on its way to its answer. */
interface Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly logged: LoggedRequest;
  readonly fault: Fault | undefined;
}

/** Takes requests in: logs each, reads its body, has it answered, and lets scripted faults happen. */
export class Reception {
  readonly #world: World;
  readonly #log: RequestLog;
  readonly #controls: Controls;
  readonly #reset: (socket: Socket) => void;

  constructor(world: World, log: RequestLog, controls: Controls, reset: (socket: Socket) => void) {
    this.#world = world;
    this.#log = log;
    this.#controls = controls;
    this.#reset = reset;
  }

  receive(req: IncomingMessage, res: ServerResponse): void {
    const path = pathOf(req.url ?? '');
    if (isControlPath(path)) {
      void answerControl(path, req, res, this.#controls);
      return;
    }
    const logged = this.#log.add(req);
    res.once('close', () => this.#log.ended(logged, res.writableFinished ? 'answered' : 'aborted'));
    const fault = this.#world.faults.take({ path, reused: logged.onSocket > 1 });
    if (fault) this.#world.counts.faults += 1;
    const visit = { req, res, path, logged, fault };
    if (fault?.early) this.#misbehave(visit, fault, answerOf(fault) ?? ok());
    else if (lacksLength(req)) this.#refuseLength(res);
    else if (!hasBody(req)) this.#onWhole(visit, EMPTY_BODY);
    else void receive(req).then((body) => this.#onWhole(visit, body));
  }

  #onWhole(visit: Visit, body: ReceivedBody): void {
    const { req, res, path, logged, fault } = visit;
    this.#log.arrived(logged, body);
    const instead = fault && answerOf(fault);
    const answer = instead ?? answerCall(callOf(req, path, body), this.#world);
    const encoded = encode(answer, req, this.#world.rules.encoding);
    if (fault) this.#misbehave(visit, fault, encoded);
    else send(encoded, res);
  }

  #misbehave({ req, res }: Visit, fault: Fault, answer: Answer): void {
    misbehave(fault, answer, res, {
      held: this.#world.held,
      reset: () => this.#reset(req.socket),
    });
  }

  #refuseLength(res: ServerResponse): void {
    this.#world.counts.lengthRefused += 1;
    send(lengthRefused(), res);
  }
}

function lacksLength({ method, headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  return method === 'POST' && headers['content-length'] === undefined;
}
