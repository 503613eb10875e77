/** The alerts of k8s/monitoring, and promtool's word on them. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

/** The rules inside the PrometheusRule, as Prometheus itself takes them. */
export function ruleGroups(): RuleGroups {
  const path = new URL('../../k8s/monitoring/prometheusrule.yaml', import.meta.url);
  return (parse(readFileSync(path, 'utf8')) as { readonly spec: RuleGroups }).spec;
}

export function alerts(): readonly Alert[] {
  return ruleGroups().groups.flatMap(({ rules }) => rules);
}

/** Samples of one series: promtool's notation, `0+1x20`: from 0, one more at each of 20 steps. */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  /** The alert that is looked at; what the others do with this input is their affair. */
  readonly alert: string;
  readonly when: string;
  /** Between two samples; 30s unless given. */
  readonly every?: string;
  readonly series: Series;
  readonly at: string;
  /** The labels of each alert that fires, `severity` aside; none: it stays quiet. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

/** The input of `promtool test rules`. Annotations are left out: `check rules` has parsed them. */
export function promtoolTests(rulesPath: string, cases: readonly AlertCase[]): unknown {
  const severity = new Map(alerts().map(({ alert, labels }) => [alert, labels['severity']]));
  return {
    rule_files: [rulesPath],
    tests: cases.map(({ alert, every = '30s', series, at, fires }) => ({
      interval: every,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          alertname: alert,
          eval_time: at,
          exp_alerts: fires.map((labels) => ({
            exp_labels: { severity: severity.get(alert), ...labels },
          })),
        },
      ],
    })),
  };
}
