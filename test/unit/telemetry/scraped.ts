/** Metrics as Prometheus reads them. */
import { Metrics } from '../../../src/telemetry/metrics.ts';

export const APPID = 'wx0123456789abcdef';

export function instance(): Metrics {
  return new Metrics({ version: '1.2.3', processMetrics: false });
}

/** Every series by its name without prefix, its labels in the order of the alphabet. */
export async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const line of (await metrics.text()).split('\n')) {
    const match = /^wxproxy_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)];
    const set = Object.fromEntries(labels.map(([, name, value]) => [name, value]));
    found.set(series(match[1] as string, set as Record<string, string>), Number(match[3]));
  }
  return found;
}

export function series(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${sorted.map(([label, value]) => `${label}="${value}"`).join()}}`;
}
