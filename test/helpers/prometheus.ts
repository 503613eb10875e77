/** A real Prometheus that scrapes what the project's PodMonitor selects, as its operator has it do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { parse } from 'yaml';
import { freePort } from './free-ports.ts';
import { until } from './proxy.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A port of a container of a pod, as Prometheus discovers it. */
export interface DiscoveredPort {
  /** `127.0.0.1:9464` */
  readonly address: string;
  readonly pod: string;
  readonly container: string;
  readonly isInit: boolean;
  readonly port: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Prometheus {
  /** The result of an instant query. @throws what Prometheus says of a bad one */
  query(expr: string): Promise<readonly Sample[]>;
  metricNames(): Promise<ReadonlySet<string>>;
}

interface PodMonitor {
  readonly spec: {
    readonly selector: { readonly matchExpressions: readonly MatchExpression[] };
    readonly podMetricsEndpoints: readonly Endpoint[];
  };
}

interface MatchExpression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

interface Endpoint {
  readonly port: string;
  readonly path: string;
  readonly relabelings: readonly Readonly<Record<string, unknown>>[];
}

/** Scrapes every second. Ends with the test. */
export async function startPrometheus(
  t: Test,
  program: string,
  ports: readonly DiscoveredPort[],
): Promise<Prometheus> {
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: podMonitor().spec.podMetricsEndpoints.map((endpoint) => ({
      job_name: 'podMonitor/monitoring/wechat-token-proxy/0',
      metrics_path: endpoint.path,
      static_configs: ports.map(discovered),
      relabel_configs: relabelConfigs(endpoint),
    })),
  };
  const folder = t.testdir({ 'prometheus.yaml': JSON.stringify(config) });
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    program,
    [
      `--config.file=${folder}/prometheus.yaml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`prometheus has ended: ${log}`);
    return fetch(`http://${listen}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }, 'prometheus is ready');

  const ask = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`http://${listen}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: unknown;
    };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  };
  return {
    async query(expr) {
      const data = await ask(`query?query=${encodeURIComponent(expr)}`);
      return (data as { readonly result: readonly Sample[] }).result;
    },
    async metricNames() {
      return new Set((await ask('label/__name__/values')) as string[]);
    },
  };
}

function podMonitor(): PodMonitor {
  const path = new URL('../../k8s/monitoring/podmonitor.yaml', import.meta.url);
  return parse(readFileSync(path, 'utf8')) as PodMonitor;
}

/** Source: `pod` in https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config */
function discovered({ address, pod, container, isInit, port, labels }: DiscoveredPort) {
  const podLabels = Object.entries(labels).flatMap(([name, value]) => [
    [`__meta_kubernetes_pod_label_${sanitized(name)}`, value],
    [`__meta_kubernetes_pod_labelpresent_${sanitized(name)}`, 'true'],
  ]);
  return {
    targets: [address],
    labels: {
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: pod,
      // An init container that goes on running leaves its pod `Pending` until the app has started.
      __meta_kubernetes_pod_phase: 'Pending',
      __meta_kubernetes_pod_container_name: container,
      __meta_kubernetes_pod_container_init: String(isInit),
      __meta_kubernetes_pod_container_port_name: port,
      ...(Object.fromEntries(podLabels) as Record<string, string>),
    },
  };
}

/** As the operator writes them for a PodMonitor, its own relabelings last. */
function relabelConfigs({ port, relabelings }: Endpoint): readonly unknown[] {
  return [
    ...podMonitor().spec.selector.matchExpressions.map(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`the selector's operator ${operator} is unknown here`);
      return {
        action: 'keep',
        source_labels: [
          `__meta_kubernetes_pod_label_${sanitized(key)}`,
          `__meta_kubernetes_pod_labelpresent_${sanitized(key)}`,
        ],
        regex: `(${values.join('|')});true`,
      };
    }),
    { action: 'drop', source_labels: ['__meta_kubernetes_pod_phase'], regex: '(Failed|Succeeded)' },
    {
      action: 'keep',
      source_labels: ['__meta_kubernetes_pod_container_port_name'],
      regex: port,
    },
    { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
    { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
    { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
    { target_label: 'job', replacement: 'monitoring/wechat-token-proxy' },
    { target_label: 'endpoint', replacement: port },
    ...relabelings.map(inSnakeCase),
  ];
}

/** `sourceLabels` is `source_labels` to Prometheus. */
function inSnakeCase(relabeling: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(relabeling).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function sanitized(label: string): string {
  return label.replaceAll(/\W/g, '_');
}
