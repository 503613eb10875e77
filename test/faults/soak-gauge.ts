/** What a soak watches of the proxy's process, and what it makes of it. */
import { sumOf } from '../helpers/proxy.ts';
import type { ServerProcess } from '../helpers/process.ts';
import { fitSlope, grows, type Fit, type Sample } from '../helpers/slope.ts';
import { descriptors, MIB, residentBytes } from './facts.ts';
import { collect } from './preload.ts';

/** What may be tolerated over the second half: a heap breathes, and connections come and go. */
const TOLERATED = { resident: 12 * MIB, kept: 3 * MIB, descriptors: 60 } as const;

type Figure = keyof typeof TOLERATED;

/** Growth over the second half, when all is warm. */
export type Growth = Readonly<Record<Figure, Fit>>;

export class Gauge {
  readonly #server: ServerProcess;
  readonly #samples: Record<Figure, Sample[]> = { resident: [], kept: [], descriptors: [] };

  /** @param server started with `collected.ts` */
  constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Looks once, after a collection. @returns what it saw, in words */
  async look(elapsedMs: () => number): Promise<string> {
    const { pid, admin } = this.#server;
    await collect(pid);
    const text = await (await fetch(`${admin}/metrics`)).text();
    const seen = {
      resident: residentBytes(pid),
      kept:
        sumOf(text, 'nodejs_heap_size_used_bytes', {}) +
        sumOf(text, 'nodejs_external_memory_bytes', {}),
      descriptors: descriptors(pid),
    };
    const atMs = elapsedMs();
    for (const [name, value] of Object.entries(seen)) {
      this.#samples[name as Figure].push({ atMs, value });
    }
    return `${mebibytes(seen.resident)} resident, ${mebibytes(seen.kept)} kept, ${seen.descriptors} descriptors`;
  }

  growth(fromMs: number): Growth {
    const fit = (name: Figure): Fit =>
      fitSlope(this.#samples[name].filter(({ atMs }) => atMs > fromMs));
    return { resident: fit('resident'), kept: fit('kept'), descriptors: fit('descriptors') };
  }
}

/** @returns what grows, in words; none: nothing does */
export function growthFaults({ resident, kept, descriptors: open }: Growth): readonly string[] {
  const faults: string[] = [];
  if (grows(resident, TOLERATED.resident)) {
    faults.push(`resident memory grows: ${inWords(resident)}`);
  }
  if (grows(kept, TOLERATED.kept)) faults.push(`memory is kept: ${inWords(kept)}`);
  if (grows(open, TOLERATED.descriptors)) {
    faults.push(`descriptors are kept: ${open.growth.toFixed(1)}`);
  }
  return faults;
}

/** What the fitted line rises by, and how sure that is. */
export function inWords({ growth, low, high }: Fit): string {
  return `${mebibytes(growth)} (${mebibytes(low)} to ${mebibytes(high)})`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
