import { setImmediate as otherWork } from 'node:timers/promises';
import type { Registry } from 'prom-client';

/** Series formatted in one go: about a millisecond's work. */
const SLICE = 1000;

/** What prom-client makes of a metric before it is text. Its types leave out what is needed here. */
interface Snapshot {
  readonly values: readonly unknown[];
}

interface Snapshottable {
  get(): Promise<Snapshot>;
}

interface Formatter {
  getMetricsAsString(metric: Snapshottable): Promise<string>;
}

/**
 * Everything in the registry, as Prometheus reads it: the text of `registry.metrics()`, which would
 * hold up every request for as long as it takes to format the series of many accounts.
 */
export async function exposition(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const metric of registry.getMetricsAsArray() as unknown as Snapshottable[]) {
    texts.push(await textOf(metric, registry as unknown as Formatter));
  }
  return `${texts.join('\n\n')}\n`;
}

async function textOf(metric: Snapshottable, formatter: Formatter): Promise<string> {
  const snapshot = await metric.get();
  const parts: string[] = [];
  for (let from = 0; from === 0 || from < snapshot.values.length; from += SLICE) {
    const slice = { ...snapshot, values: snapshot.values.slice(from, from + SLICE) };
    const text = await formatter.getMetricsAsString({ get: () => Promise.resolve(slice) });
    // HELP and TYPE stand before each slice, and are wanted once.
    parts.push(from === 0 ? text : text.split('\n').slice(2).join('\n'));
    await otherWork();
  }
  return parts.join('\n');
}
