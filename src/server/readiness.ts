/**
 * "Ready" means: there is a usable token, so a request that comes now can be answered. Without a
 * default account there is nothing to wait for. Liveness is another matter and depends on nothing.
 */
export class Readiness {
  readonly #canAnswer: () => boolean;
  #stopping = false;

  /** @param canAnswer whether the account that is waited for has a usable token, or none is */
  constructor(canAnswer: () => boolean) {
    this.#canAnswer = canAnswer;
  }

  get state(): { readonly ready: boolean; readonly why: string } {
    if (this.#stopping) return { ready: false, why: 'shutting down' };
    if (!this.#canAnswer()) return { ready: false, why: 'no usable token yet' };
    return { ready: true, why: 'ready' };
  }

  stop(): void {
    this.#stopping = true;
  }
}
