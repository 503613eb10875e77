import { Counter, Gauge, type Registry } from 'prom-client';
import { DurationHistogram } from './duration-histogram.ts';
import { RequestCounter } from './request-counter.ts';

/** Makes metrics of the project: named `wxproxy_…`, on one registry. */
export class Instruments {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ ...this.#common(name, help), labelNames });
  }

  /** A counter that every request adds to. */
  requestCounter<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
  ): RequestCounter<L> {
    return new RequestCounter(`wxproxy_${name}`, help, labelNames, this.#registry);
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ ...this.#common(name, help), labelNames });
  }

  /** A gauge of what is known anyway: it is asked when it is read. */
  reading(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      ...this.#common(name, help),
      collect: () => gauge.set(read()),
    });
  }

  /** Of durations, in seconds. */
  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
  ): DurationHistogram<L> {
    return new DurationHistogram(`wxproxy_${name}`, help, labelNames, this.#registry);
  }

  #common(name: string, help: string) {
    return { name: `wxproxy_${name}`, help, registers: [this.#registry] };
  }
}
