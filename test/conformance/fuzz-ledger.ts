/** What clients meant, against what the upstream got. */
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { readStrictly, valuesOf, type StrictRequest } from './fuzz-strict-reader.ts';
import type { UpstreamRequest } from './fuzz-upstream.ts';

/** One request that a client sent, and what became of it. */
export interface Entry {
  readonly request: StrictRequest;
  /** How often the upstream got it. */
  arrivals: number;
}

/** Entries remembered: many times what can be under way at once. */
const REMEMBERED = 500;

export class Ledger {
  /** What the upstream got and no client meant, since it was last looked at. */
  readonly violations: string[] = [];
  readonly #entries = new Map<string, Entry[]>();

  allow(requests: readonly StrictRequest[]): Entry[] {
    return requests.map((request) => {
      const entry = { request, arrivals: 0 };
      const key = keyOf(request);
      const same = this.#entries.get(key);
      if (same === undefined) this.#entries.set(key, [entry]);
      else same.push(entry);
      if (this.#entries.size > REMEMBERED) {
        this.#entries.delete(this.#entries.keys().next().value as string);
      }
      return entry;
    });
  }

  /** Between two runs nothing is under way. */
  forget(): void {
    this.#entries.clear();
  }

  arrived(request: UpstreamRequest): void {
    const fault = framingFault(request);
    if (fault !== undefined) this.violations.push(`${fault}: ${show(request.head)}`);
    const same = this.#entries.get(keyOf(request)) ?? [];
    const entry =
      same.find((it) => it.arrivals === 0 && fits(it, request)) ??
      same.find((it) => fits(it, request));
    if (entry === undefined) {
      this.violations.push(`smuggled: ${show(request.head + request.body)}`);
      return;
    }
    entry.arrivals++;
    if (entry.arrivals > 1) this.violations.push(`sent twice: ${show(request.head)}`);
  }
}

/** Method and target, without what the proxy is there to change. */
export function keyOf({ method, target }: { method: string; target: string }): string {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const own = path.startsWith(`/${DEMO_ACCOUNT.appid}/`)
    ? path.slice(DEMO_ACCOUNT.appid.length + 1)
    : path;
  const kept = (mark === -1 ? '' : target.slice(mark + 1))
    .split('&')
    .filter((pair) => !/^(?:access_token|appid|secret)(?:=|$)/.test(nameDecoded(pair)));
  return `${method} ${own}?${kept.join('&')}`;
}

function nameDecoded(pair: string): string {
  const [name = ''] = pair.split('=');
  try {
    return decodeURIComponent(name) + pair.slice(name.length);
  } catch {
    return pair;
  }
}

function fits({ request }: Entry, { body, complete }: UpstreamRequest): boolean {
  return complete ? request.complete && request.body === body : request.body.startsWith(body);
}

/** What leaves the proxy can be read in one way only. */
function framingFault({ head, body, complete }: UpstreamRequest): string | undefined {
  const { requests, clean } = readStrictly(head + body);
  const [request] = requests;
  if (requests.length !== 1 || request === undefined || clean !== complete) return 'ill-formed';
  if (valuesOf(request.fields, 'transfer-encoding').length > 0) return 'chunked';
  if (valuesOf(request.fields, 'host').length !== 1) return 'not one Host';
  return undefined;
}

/** Everything in one line, without the token. */
export function show(text: string): string {
  return JSON.stringify(text.replace(/access_token=fuzz[^ &]*/g, 'access_token=…').slice(0, 400));
}
