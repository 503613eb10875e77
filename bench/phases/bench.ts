/** What every phase is given. */
import type { Contender } from '../contenders/contender.ts';
import type { Fleet } from '../fleet.ts';
import type { Plan } from '../results.ts';
import type { Certificate } from '../upstream/certificate.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface Bench {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly upstream: Upstream;
  readonly certificate: Certificate;
  readonly contenders: readonly Contender[];
  readonly directory: string;
  /** Load and contenders have a core each. */
  readonly pinned: boolean;
  readonly say: (line: string) => void;
}
