import type { RefreshOutcome } from '../telemetry/labels.ts';
import type { Token } from './token.ts';

/** What a refresh has brought. */
export interface NewToken {
  readonly token: Token;
  /** When it expires by the monotonic clock. */
  readonly deadlineMs: number;
  readonly outcome: Exclude<RefreshOutcome, 'failed'>;
  /** The source did not say how long the token lives. */
  readonly guessedLife: boolean;
  /** Why the rejected value could not be exchanged for another, where it could not. */
  readonly stuck?: string | undefined;
}
