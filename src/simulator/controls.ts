import { TOKEN_APIS, type TokenApi } from '../wechat/token-endpoints.ts';
import type { Counts } from './counts.ts';
import type { Fault, PendingFault } from './faults.ts';
import type { PendingRefusal, Refusal } from './refusals.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import type { Rules } from './rules.ts';
import type { RevokeMode, TokenLine } from './token-line.ts';
import type { Account, World } from './world.ts';

/** What the simulator is up to. It shows live tokens: they are worth nothing elsewhere. */
interface SimulatorState {
  /** The simulator's clock, epoch ms. */
  readonly now: number;
  readonly rules: Rules;
  readonly accounts: Readonly<Record<string, Readonly<Record<TokenApi, TokenLine>>>>;
  readonly faults: readonly PendingFault[];
  readonly rejections: readonly PendingRefusal[];
  readonly tokenRefusals: readonly PendingRefusal[];
  /** Answers waiting for `release`. */
  readonly held: number;
}

const REVOKE_MODES: readonly unknown[] = ['dead', 'expired', 'kept'];

/** Everything a test or a person can see of a running simulator and do to it. */
export class Controls {
  readonly #world: World;
  readonly #log: RequestLog;
  readonly #closeIdle: () => void;

  constructor(world: World, log: RequestLog, closeIdle: () => void) {
    this.#world = world;
    this.#log = log;
    this.#closeIdle = closeIdle;
  }

  /** A copy of the counts. */
  get counts(): Counts {
    return structuredClone(this.#world.counts);
  }

  /** The last requests, oldest first, the control path's own not among them. They hold tokens. */
  get requests(): readonly LoggedRequest[] {
    return this.#log.list();
  }

  /** Settles once the request log is as the condition wants it; rejects when the simulator stops. */
  until(condition: (requests: readonly LoggedRequest[]) => boolean): Promise<void> {
    return this.#log.until(condition);
  }

  state(): SimulatorState {
    const { now, rules, accounts, faults, rejections, tokenRefusals, held } = this.#world;
    return {
      now: now(),
      rules,
      accounts: Object.fromEntries([...accounts.values()].map(linesOf)),
      faults: faults.list(),
      rejections: rejections.list(),
      tokenRefusals: tokenRefusals.list(),
      held: held.size,
    };
  }

  /**
   * Takes a new token, as another program that uses the account would: through `stable_token` with
   * `force_refresh` (the default) or through `token`. Calls so made are not counted.
   */
  rotate({ appid, via = 'stable_token' }: { appid?: string; via?: TokenApi } = {}): void {
    if (!TOKEN_APIS.includes(via)) throw new RangeError(`via: one of ${TOKEN_APIS.join(', ')}`);
    for (const account of this.#accounts(appid)) account.tokens.rotate(via);
  }

  /** Ends all tokens at once, without an overlap. Default mode: `dead`. */
  revoke({ appid, mode = 'dead' }: { appid?: string; mode?: RevokeMode } = {}): void {
    if (!REVOKE_MODES.includes(mode)) {
      throw new RangeError(`mode: one of ${REVOKE_MODES.join(', ')}`);
    }
    for (const account of this.#accounts(appid)) account.tokens.revoke(mode);
  }

  /** Refuses API calls that carry a good token. Default: the next one, with 40001. */
  reject(refusal: Refusal = {}): void {
    this.#world.rejections.add(refusal);
  }

  /** Refuses token calls. Default: the next one, with −1 (busy). */
  refuseTokens(refusal: Refusal = {}): void {
    this.#world.tokenRefusals.add(refusal);
  }

  /** Makes the next matching requests go wrong. */
  fault(fault: Fault): void {
    this.#world.faults.add(fault);
  }

  /** Lets every held answer go. */
  release(): void {
    const held = [...this.#world.held];
    this.#world.held.clear();
    for (const send of held) send();
  }

  /** Changes rules; tokens already issued keep their expiry. */
  set(changes: Readonly<Partial<Rules>>): void {
    this.#world.change(changes);
  }

  /** Gives an account a new AppSecret, or adds the account. Its tokens stay. */
  setSecret(appid: string, appsecret: string): void {
    for (const [name, value] of Object.entries({ appid, appsecret })) {
      if (typeof value !== 'string' || value === '') {
        throw new RangeError(`${name}: a text that is not empty`);
      }
    }
    this.#world.setSecret(appid, appsecret);
  }

  /** Closes the connections that carry no request at the moment. */
  closeIdle(): void {
    this.#closeIdle();
  }

  /** Forgets the counts and the request log, or with `everything` all that happened so far. */
  reset(what: 'everything' | 'counts' = 'everything'): void {
    if (what !== 'everything' && what !== 'counts') {
      throw new RangeError('what: everything or counts');
    }
    if (what === 'everything') this.#world.reset();
    else this.#world.clearCounts();
    this.#log.clear();
  }

  #accounts(appid: string | undefined): Iterable<Account> {
    if (appid === undefined) return this.#world.accounts.values();
    const account = this.#world.accounts.get(appid);
    if (account) return [account];
    throw new RangeError('appid: no such account here');
  }
}

function linesOf({ appid, tokens }: Account): [string, Record<TokenApi, TokenLine>] {
  return [appid, { token: tokens.line('token'), stable_token: tokens.line('stable_token') }];
}
