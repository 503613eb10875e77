import { AccountMetric } from './account-metric.ts';
import type { Sample } from './exposition.ts';

/** One series. */
class Level {
  value = 0;

  set(value: number): void {
    this.value = value;
  }
}

export class AccountGauge<Label extends string> extends AccountMetric<Label, Level> {
  readonly type = 'gauge';

  protected begin(): Level {
    return new Level();
  }

  protected samples({ value }: Level, labels: Sample['labels']): Sample[] {
    return [{ labels, value }];
  }
}
