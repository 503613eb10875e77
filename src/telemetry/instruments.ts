import { Counter, Gauge, type Registry } from 'prom-client';

/** Makes the metrics of the process: named `wxproxy_…`, on one registry. */
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

  /** A gauge of what is known anyway: it is asked when it is read. */
  reading(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      ...this.#common(name, help),
      collect: () => gauge.set(read()),
    });
  }

  #common(name: string, help: string) {
    return { name: `wxproxy_${name}`, help, registers: [this.#registry] };
  }
}
