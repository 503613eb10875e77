import { Metrics } from '../src/telemetry/metrics.ts';
import { ROUTES } from '../src/wechat/routes.ts';
import { betweenMarks } from './marks.ts';

/** Labels whose values all have a series from the start: an alert on what is not there never fires. */
const LISTED: ReadonlySet<string> = new Set(['trigger', 'outcome', 'reason', 'endpoint']);

/** The README with its table of metrics as the code has it. @throws when the marks are gone */
export async function withMetrics(readme: string): Promise<string> {
  return betweenMarks(readme, 'metrics', await metricsMarkdown());
}

/** From what Prometheus would read. */
async function metricsMarkdown(): Promise<string> {
  const metrics = new Metrics({ version: '0', processMetrics: false });
  metrics.account('any');
  metrics.storeOperation('any', 'any', 'ok'); // has no series before the first one
  const text = await metrics.text();
  const all = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n((?:[^#\n].*\n?)*)/gm)];
  const rows = all.map(([, name = '', help = '', type = '', series = '']) => {
    return `| \`${name}\` | ${type} | ${labelsText(series)} | ${help} |`;
  });
  return ['| metric | type | labels | |', '|---|---|---|---|', ...rows].join('\n');
}

function labelsText(series: string): string {
  const labels = new Map<string, Set<string>>();
  for (const [, label = '', value = ''] of series.matchAll(/([a-z]+)="([^"]*)"/g)) {
    if (label !== 'le') labels.set(label, (labels.get(label) ?? new Set()).add(value));
  }
  return [...labels].map(([label, values]) => labelText(label, values)).join(' · ') || '–';
}

function labelText(label: string, seen: ReadonlySet<string>): string {
  const values = label === 'route' ? ROUTES : LISTED.has(label) ? [...seen] : [];
  return `\`${label}\`${values.length === 0 ? '' : `: ${values.join(', ')}`}`;
}
