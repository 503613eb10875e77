import { spawnSync } from 'node:child_process';
import t from 'tap';
import { alerts } from '../helpers/alerts.ts';
import { dashboardQueries } from '../helpers/dashboard.ts';
import { startServer } from '../helpers/process.ts';
import { startPrometheus, type DiscoveredPort } from '../helpers/prometheus.ts';
import { requireProgram } from '../helpers/programs.ts';
import { until } from '../helpers/proxy.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';

/** `name{…}`, whatever is around it. */
const SELECTOR = /\b(?:wxproxy|process|nodejs)_\w+(?:\{[^}]*\})?/g;

t.test('a real Prometheus scrapes a sidecar', async (t) => {
  const [prometheusPath, promtool] = [
    requireProgram(t, 'prometheus'),
    requireProgram(t, 'promtool'),
  ];
  if (prometheusPath === undefined || promtool === undefined) return;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const proxy = await startServer(t, {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_TOKEN_STORE: `file:${t.testdir()}/tokens.json`,
  });
  await until(async () => (await fetch(`${proxy.admin}/readyz`)).ok, 'the proxy is ready');

  t.test('promtool has no word against the metrics', async (t) => {
    const metrics = await (await fetch(`${proxy.admin}/metrics`)).text();
    t.match(metrics, /^process_cpu_seconds_total /m, 'those of the process too');
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: metrics,
      encoding: 'utf8',
    });
    t.equal(status, 0, stdout + stderr);
  });

  const sidecar: DiscoveredPort = {
    address: new URL(proxy.admin).host,
    pod: 'app-1',
    container: 'wechat-token-proxy',
    isInit: true,
    port: 'wxproxy-admin',
    labels: { app: 'app', 'wechat-token-proxy': 'sidecar' },
  };
  const prometheus = await startPrometheus(t, prometheusPath, [
    sidecar,
    // Nothing answers at these: as targets they would be down.
    { ...sidecar, address: '127.0.0.1:1', container: 'app', isInit: false, port: 'http' },
    { ...sidecar, address: '127.0.0.1:2', pod: 'other-1', labels: { app: 'other' } },
  ]);
  await until(async () => (await prometheus.query('up == 1')).length > 0, 'a target is up');

  t.test('it is the only target, under the names that the alerts ask for', async (t) => {
    const targets = await prometheus.query('up');
    t.match(targets, [
      {
        metric: {
          job: 'wechat-token-proxy',
          namespace: 'shop',
          pod: 'app-1',
          container: 'wechat-token-proxy',
        },
        value: [Number, '1'],
      },
    ]);
    t.equal(targets.length, 1);
  });

  t.test('what alerts look for is there before anything has happened, at zero', async (t) => {
    const selectors = new Set(
      alerts().flatMap(({ expr }) => (expr.match(SELECTOR) ?? []).flatMap(eachAlternative)),
    );
    t.ok(selectors.size >= 15, `${selectors.size} selectors`);
    for (const selector of selectors) {
      // A status has no series before its first answer: there are too many of them.
      if (selector.includes('status=')) continue;
      t.not((await prometheus.query(selector)).length, 0, selector);
    }
    const failures = await prometheus.query('wxproxy_token_refresh_failures_total');
    t.equal(failures.length, 7, 'a series for every reason');
    t.ok(failures.every(({ value }) => value[1] === '0'));
  });

  t.test('every expression of the dashboard is valid and over metrics that exist', async (t) => {
    const names = await prometheus.metricNames();
    const queries = dashboardQueries();
    t.ok(queries.length >= 30, `${queries.length} expressions`);
    for (const { panel, expr } of queries) {
      await t.resolves(prometheus.query(expr), `${panel}: ${expr}`);
      const selectors = expr.match(SELECTOR) ?? [];
      t.ok(selectors.length > 0, `${panel}: over metrics of ours`);
      for (const selector of selectors) {
        const name = selector.replace(/\{.*/s, '');
        t.ok(names.has(name), `${panel}: ${name} exists`);
      }
    }
  });

  t.test('every expression of an alert is valid', async (t) => {
    for (const { alert, expr } of alerts()) await t.resolves(prometheus.query(expr), alert);
  });
});

/** `{errcode=~"45009|45011"}` asks for two series: each must be there. */
function eachAlternative(selector: string): string[] {
  const [choice, label, values = ''] = /(\w+)=~"([^"]*)"/.exec(selector) ?? [];
  if (choice === undefined) return [selector];
  return values
    .split('|')
    .flatMap((value) => eachAlternative(selector.replace(choice, `${label}="${value}"`)));
}
