import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds: WeChat answers in 20 ms to 2 s, our own timeouts end at 30 s and 60 s. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Makes metrics of the project: named `wxproxy_…`, on one registry. */
export class Instruments {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ ...this.#common(name, help), labelNames });
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ ...this.#common(name, help), labelNames });
  }

  /** Of durations. */
  histogram<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({ ...this.#common(name, help), labelNames, buckets: SECONDS });
  }

  #common(name: string, help: string) {
    return { name: `wxproxy_${name}`, help, registers: [this.#registry] };
  }
}
