import { AccountMetric } from './account-metric.ts';
import type { Sample } from './exposition.ts';

/** One series. */
class Count {
  value = 0;

  inc(): void {
    this.value += 1;
  }
}

export class AccountCounter<Label extends string> extends AccountMetric<Label, Count> {
  readonly type = 'counter';

  protected begin(): Count {
    return new Count();
  }

  protected samples({ value }: Count, labels: Sample['labels']): Sample[] {
    return [{ labels, value }];
  }
}
