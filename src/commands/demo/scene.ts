/** What the steps of the demo have in common: an app that calls, and what WeChat saw of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggedRequest } from '../../simulator/request-log.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

export type Step = (scene: Scene) => Promise<void>;

/** What the app got. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The proxy's own error code, where it refused. */
  readonly refusal: string | null;
  readonly tookMs: number;
}

const TOKEN = /[?&]access_token=([^&]*)/;
/** What takes a second on a free machine may take many on a busy one. */
const PATIENCE_MS = 20_000;

export class Scene {
  readonly stage: Stage;
  readonly tell: Narrator;
  /** Tokens by the order in which WeChat first saw them: their values are shown to nobody. */
  readonly #tokens = new Map<string, number>();
  #calls = 0;
  #before = { tokenCalls: 0, refused: 0, seen: 0 };

  constructor(stage: Stage, tell: Narrator) {
    this.stage = stage;
    this.tell = tell;
  }

  /** Every call of the app so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Token calls in this step. */
  get cost(): number {
    return this.#tokenCalls - this.#before.tokenCalls;
  }

  /** Calls that WeChat refused in this step because of their token. */
  get refused(): number {
    return this.#refused - this.#before.refused;
  }

  /** What reached WeChat in this step. */
  get seen(): readonly LoggedRequest[] {
    return this.stage.simulator.requests.filter(({ number }) => number > this.#before.seen);
  }

  /** The step is over: what comes now belongs to the next one. */
  endStep(): void {
    this.#before = {
      tokenCalls: this.#tokenCalls,
      refused: this.#refused,
      seen: this.stage.simulator.requests.at(-1)?.number ?? 0,
    };
  }

  /** States what the step has cost. */
  tellCost(tokenCalls: number, note = ''): void {
    const { cost } = this;
    const actual = cost === tokenCalls ? '' : ` (it was ${cost})`;
    const calls = `${tokenCalls} token ${tokenCalls === 1 ? 'call' : 'calls'}`;
    this.tell.holds(`cost: ${calls}${note}${actual}`, cost === tokenCalls);
  }

  /** An HTTP call of the app. */
  async call(path: string): Promise<Answer> {
    this.#calls += 1;
    const startedMs = performance.now();
    const response = await fetch(this.stage.data + path);
    const body = await response.text();
    return {
      status: response.status,
      body,
      refusal: response.headers.get('x-wxproxy-error'),
      tookMs: performance.now() - startedMs,
    };
  }

  /** `call`, told step by step. */
  async tellCall(path: string, shown = path): Promise<Answer> {
    this.tell.show('app ──▶', `GET ${shown}`);
    const answer = await this.call(path);
    this.tell.show('app ◀──', `${answer.status} ${answer.body}`);
    return answer;
  }

  /** Which token a request carried: 1 for the first that WeChat ever saw, 0 for none. */
  tokenOf({ url }: LoggedRequest): number {
    const value = TOKEN.exec(url)?.[1];
    if (value === undefined) return 0;
    const known = this.#tokens.get(value);
    if (known !== undefined) return known;
    this.#tokens.set(value, this.#tokens.size + 1);
    return this.#tokens.size;
  }

  /** `GET /cgi-bin/user/get with token 2` */
  describe(request: LoggedRequest): string {
    const token = this.tokenOf(request);
    const path = request.url.split('?', 1)[0];
    return `${request.method} ${path}${token === 0 ? '' : ` with token ${token}`}`;
  }

  /** Whether a text holds a token that WeChat ever saw. */
  holdsToken(text: string): boolean {
    for (const request of this.stage.simulator.requests) this.tokenOf(request);
    return [...this.#tokens.keys()].some((value) => text.includes(value));
  }

  /** Does `meanwhile` again and again until the condition holds. @returns whether it came to hold */
  async until(
    condition: () => boolean,
    meanwhile: () => Promise<unknown> = () => delay(5),
  ): Promise<boolean> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() > deadlineMs) return false;
      await meanwhile();
    }
    return true;
  }

  get #tokenCalls(): number {
    return this.stage.simulator.counts.tokenCalls;
  }

  get #refused(): number {
    return this.stage.simulator.counts.rejections['40001'] ?? 0;
  }
}
