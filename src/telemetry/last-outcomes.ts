/** How the last call of each kind went: for people, the series are for alerts. */
import type { UpstreamFailure } from './labels.ts';

/** Why a token call says that who issues tokens is not well: it was not answered, or not usably. */
export const ISSUER_FAILURES = ['network', 'timeout', 'bad_response'] as const;
export type IssuerFailure = (typeof ISSUER_FAILURES)[number];

export interface LastCall<Failure> {
  /** Epoch ms. */
  readonly at: number;
  /** undefined: it was answered. */
  readonly failure: Failure | undefined;
}

export class LastOutcomes {
  /** undefined until there is one, as the next. */
  apiCall: LastCall<UpstreamFailure> | undefined;
  tokenCall: (LastCall<IssuerFailure> & { readonly issuer: string }) | undefined;
  /** undefined for a store that cannot fail. */
  store: { readonly name: string; readonly ok: boolean } | undefined;

  readonly #now: () => number;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  apiCalled(failure: UpstreamFailure | undefined): void {
    this.apiCall = { at: this.#now(), failure };
  }

  /** @param issuer as people call it: `WeChat` */
  tokenCalled(issuer: string, failure: IssuerFailure | undefined): void {
    this.tokenCall = { at: this.#now(), failure, issuer };
  }

  storeOperation(name: string, ok: boolean): void {
    this.store = { name, ok };
  }
}
