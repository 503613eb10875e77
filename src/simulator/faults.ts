import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { AnswerHeaders } from './answers.ts';
import { checkPattern, matchesPath, timesOf, type Times } from './scope.ts';
import { isTokenPath } from './token-paths.ts';

/** What can be made to go wrong, in the words of `GET /__simulator`. */
export const FAULT_KINDS = {
  hang: 'never answers',
  hold: 'answers when release is called',
  delay: 'answers after delayMs',
  reset: 'does what was asked, then resets the connection before any answer byte',
  'reset-after-head': 'resets the connection between the head and the body of the answer',
  cut: 'closes the connection in the middle of the body',
  slow: 'sends the body one byte at a time, everyMs apart',
  'server-error': 'does nothing and answers with an empty 500',
  html: 'does nothing and answers 200 with a page of HTML',
  empty: 'does nothing and answers 200 without a body',
  answer: 'does nothing and answers with the given status, headers and body (or bodyBase64)',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** A scripted fault. Faults wait in a queue; a request gets the first one that matches it. */
export interface Fault {
  readonly kind: FaultKind;
  /** For how many matching requests. Default 1. */
  readonly count?: Times;
  /** Matching requests to let pass first. Default 0. */
  readonly skip?: number;
  /** Only requests of this path; a final `*` is a wildcard. */
  readonly path?: string;
  /** `true`: only token calls, `false`: all but token calls. */
  readonly tokenCalls?: boolean;
  /** `true`: only requests on a connection that carried one before, `false`: only first ones. */
  readonly reused?: boolean;
  /** `true`: at once when the request head is in: its body is not read and nothing is done. */
  readonly early?: boolean;
  /** For `delay`, in ms. */
  readonly delayMs?: number;
  /** For `slow`, in ms. Default 5. */
  readonly everyMs?: number;
  /** For `answer`. Default 200, no headers, no body. */
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  readonly body?: string | Buffer;
  readonly bodyBase64?: string;
}

/** What a fault is matched against. */
interface FaultTarget {
  readonly path: string;
  readonly reused: boolean;
}

export interface PendingFault {
  readonly fault: Fault;
  readonly left: Times;
  readonly toSkip: number;
}

interface Pending {
  readonly fault: Fault;
  left: number;
  toSkip: number;
}

/** The queue of scripted faults. */
export class Faults {
  #pending: Pending[] = [];

  /** @throws {RangeError} when a field is out of range */
  add(fault: Fault): void {
    check(fault);
    this.#pending.push({ fault, left: timesOf(fault.count), toSkip: fault.skip ?? 0 });
  }

  /** The fault for this request, used up by asking. */
  take(target: FaultTarget): Fault | undefined {
    if (this.#pending.length === 0) return undefined;
    for (const pending of this.#pending) {
      if (!matches(pending.fault, target)) continue;
      if (pending.toSkip > 0) {
        pending.toSkip -= 1;
        continue;
      }
      pending.left -= 1;
      if (pending.left <= 0) this.#pending = this.#pending.filter((other) => other !== pending);
      return pending.fault;
    }
    return undefined;
  }

  list(): readonly PendingFault[] {
    return this.#pending.map(({ fault, left, toSkip }) => ({
      fault,
      left: left === Infinity ? 'forever' : left,
      toSkip,
    }));
  }

  clear(): void {
    this.#pending = [];
  }
}

function matches(fault: Fault, { path, reused }: FaultTarget): boolean {
  if (fault.reused !== undefined && fault.reused !== reused) return false;
  if (fault.tokenCalls !== undefined && fault.tokenCalls !== isTokenPath(path)) return false;
  return matchesPath(fault.path, path);
}

function check(fault: Fault): void {
  if (!Object.hasOwn(FAULT_KINDS, fault.kind)) {
    throw new RangeError(`kind: one of ${Object.keys(FAULT_KINDS).join(', ')}`);
  }
  checkPattern(fault.path);
  for (const key of ['skip', 'delayMs', 'everyMs'] as const) {
    const value = fault[key];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      throw new RangeError(`${key}: a number, 0 or more`);
    }
  }
  if (fault.kind === 'delay' && fault.delayMs === undefined) {
    throw new RangeError('delayMs: needed for the kind "delay"');
  }
  const { status = 200, headers = {} } = fault;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new RangeError('status: a whole number from 200 to 999');
  }
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      for (const one of typeof value === 'string' ? [value] : value) validateHeaderValue(name, one);
    } catch {
      throw new RangeError(`headers: ${JSON.stringify(name)} is no header that can be sent`);
    }
  }
}
