/**
 * The text that Prometheus reads ("Exposition formats", text format 0.0.4). prom-client's own
 * `metrics()` formats everything in one go and holds up every request meanwhile.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import type { Registry } from 'prom-client';

/** Lines formatted in one go: less than a millisecond's work. */
const SLICE = 1000;

/** One line of the text, in the shape of prom-client's metrics. */
export interface Sample {
  /** The metric's, unless given. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric, of which prom-client's types leave out what matters here. */
export interface Readable {
  get(): Promise<{ name: string; help: string; type: string; values: Iterable<Sample> }>;
}

/** Everything in the registry; others get their turn in between. */
export async function exposition(registry: Registry): Promise<string> {
  const metrics: string[] = [];
  for (const metric of registry.getMetricsAsArray() as unknown as readonly Readable[]) {
    const { name, help, type, values } = await metric.get();
    const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
    for (const value of values) {
      if (lines.push(lineOf(value, name)) % SLICE === 0) await otherWork();
    }
    metrics.push(lines.join('\n'));
    await otherWork();
  }
  return `${metrics.join('\n\n')}\n`;
}

function lineOf({ metricName, labels, value }: Sample, name: string): string {
  let pairs = '';
  for (const label in labels) {
    const text = quoted(String(labels[label]));
    pairs += pairs === '' ? `${label}="${text}"` : `,${label}="${text}"`;
  }
  return `${metricName ?? name}${pairs === '' ? '' : `{${pairs}}`} ${numeral(value)}`;
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escaped(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function quoted(label: string): string {
  return /["\\\n]/.test(label) ? escaped(label).replaceAll('"', '\\"') : label;
}
