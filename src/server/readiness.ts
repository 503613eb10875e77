/**
 * "Ready" means: there is a usable token, so a request that comes now can be answered. Without a
 * default account there is nothing to wait for. Liveness is another matter and depends on nothing.
 */
export class Readiness {
  readonly #hasToken: () => boolean;
  readonly #needsToken: boolean;
  #stopping = false;

  /** @param defaultAppid the account whose token is waited for; undefined: there is none */
  constructor(hasToken: () => boolean, defaultAppid: string | undefined) {
    this.#hasToken = hasToken;
    this.#needsToken = defaultAppid !== undefined;
  }

  get state(): { readonly ready: boolean; readonly why: string } {
    if (this.#stopping) return { ready: false, why: 'shutting down' };
    if (this.#needsToken && !this.#hasToken()) return { ready: false, why: 'no usable token yet' };
    return { ready: true, why: 'ready' };
  }

  stop(): void {
    this.#stopping = true;
  }
}
