import t from 'tap';
import { OUTCOMES, TRIGGERS } from '../../../src/telemetry/labels.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { ROUTES } from '../../../src/wechat/routes.ts';
import { APPID, instance, scrape, series } from './scraped.ts';

/** Every metric that users were promised, and of each label the values that are known beforehand. */
const CONTRACT: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  requests_total: { appid: [APPID], route: ROUTES, status: ['200'] },
  request_duration_seconds: { appid: [APPID], route: ['api'] },
  requests_in_flight: {},
  requests_refused_total: {
    reason: [
      'request_refused',
      'client_key',
      'forbidden',
      'account_unknown',
      'length_required',
      'misdirected',
      'loop',
      'overloaded',
      'draining',
    ],
  },
  upstream_errcodes_total: { appid: [APPID], errcode: ['-1', '45009', '45011', '48001', 'other'] },
  upstream_failures_total: { appid: [APPID], reason: ['connect', 'timeout', 'reset'] },
  token_refreshes_total: {
    appid: [APPID],
    trigger: ['startup', 'scheduled', 'expired', 'rejected', 'requested'],
    outcome: ['fetched', 'adopted', 'unchanged', 'failed'],
  },
  token_refresh_failures_total: {
    appid: [APPID],
    reason: ['refused', 'quota', 'busy', 'network', 'timeout', 'bad_response', 'store'],
  },
  token_refresh_duration_seconds: { appid: [APPID] },
  token_force_refreshes_total: { appid: [APPID] },
  token_expiry_timestamp_seconds: { appid: [APPID] },
  token_issued_timestamp_seconds: { appid: [APPID] },
  token_rejections_total: { appid: [APPID], errcode: ['40001', '40014', '42001'] },
  token_conflicts_total: { appid: [APPID] },
  replays_total: { appid: [APPID], outcome: ['ok', 'rejected', 'failed'] },
  replays_skipped_total: {
    appid: [APPID],
    reason: ['too_large', 'memory', 'no_token', 'cooldown'],
  },
  token_endpoint_calls_total: {
    appid: [APPID],
    endpoint: ['token', 'stable_token'],
    outcome: ['placeholder', 'issued', 'refused', 'failed'],
  },
  client_aborts_total: {},
};
const HISTOGRAMS = new Set(['request_duration_seconds', 'token_refresh_duration_seconds']);

t.test('an account’s every series is there, at zero, from its first scrape', async (t) => {
  const metrics = instance();
  metrics.account(APPID);
  const scraped = await scrape(metrics);
  for (const [name, labels] of Object.entries(CONTRACT)) {
    for (const set of combinations(labels)) {
      const names = HISTOGRAMS.has(name) ? [`${name}_count`, `${name}_sum`] : [name];
      for (const one of names) {
        const id = series(one, set);
        t.equal(scraped.get(id), 0, id);
      }
    }
  }
  for (const set of combinations(CONTRACT['request_duration_seconds'] ?? {})) {
    const id = series('request_duration_seconds_bucket', { ...set, le: '+Inf' });
    t.equal(scraped.get(id), 0, id);
  }
});

t.test(
  'every metric of the contract exists, with the prefix, and there are no others',
  async (t) => {
    const metrics = instance();
    const names = [...Object.keys(CONTRACT), 'store_operations_total', 'build_info'];
    t.strictSame(
      metrics.registry
        .getMetricsAsArray()
        .map(({ name }) => name)
        .toSorted(),
      names.map((name) => `wxproxy_${name}`).toSorted(),
    );
    const text = await metrics.text();
    t.match(text, `wxproxy_build_info{version="1.2.3",node="${process.version}"} 1`);
    for (const name of names) {
      t.match(text, new RegExp(`^# HELP wxproxy_${name} .+\\.$`, 'm'));
      t.match(text, new RegExp(`^# TYPE wxproxy_${name} (?:counter|gauge|histogram)$`, 'm'));
    }
  },
);

t.test('prom-client’s process metrics are there unless they are turned off', async (t) => {
  t.match(await new Metrics({ version: '1' }).text(), /^process_cpu_seconds_total /m);
  t.notMatch(await instance().text(), /process_/);
});

t.test('everything that is counted shows where the contract says', async (t) => {
  const metrics = instance();
  const account = metrics.account(APPID);
  account.requestEnded('api', 200, 0.2);
  account.requestEnded('api', 499, 3);
  account.upstreamErrcode(45009);
  account.upstreamErrcode(12345);
  account.upstreamFailed('reset');
  account.refreshed('rejected', 'fetched', 0.5);
  account.refreshFailed('quota');
  account.forceRefreshed();
  account.tokenChanged(1_700_000_000_500, 1_700_007_200_500);
  account.rejected(42001);
  account.conflict();
  account.replayed('ok');
  account.replaySkipped('cooldown');
  account.endpointCalled('stable_token', 'placeholder');
  metrics.requestStarted();
  metrics.requestStarted();
  metrics.requestEnded();
  metrics.refused('loop');
  metrics.clientAborted();
  metrics.storeOperation('redis', 'load', 'failed');
  const scraped = await scrape(metrics);
  const appid = APPID;
  const rows: readonly (readonly [string, Record<string, string>, number])[] = [
    ['requests_total', { appid, route: 'api', status: '200' }, 1],
    ['requests_total', { appid, route: 'api', status: '499' }, 1],
    ['request_duration_seconds_count', { appid, route: 'api' }, 2],
    ['request_duration_seconds_sum', { appid, route: 'api' }, 3.2],
    ['request_duration_seconds_bucket', { appid, route: 'api', le: '0.25' }, 1],
    ['upstream_errcodes_total', { appid, errcode: '45009' }, 1],
    ['upstream_errcodes_total', { appid, errcode: 'other' }, 1],
    ['upstream_failures_total', { appid, reason: 'reset' }, 1],
    ['token_refreshes_total', { appid, trigger: 'rejected', outcome: 'fetched' }, 1],
    ['token_refresh_duration_seconds_sum', { appid }, 0.5],
    ['token_refresh_failures_total', { appid, reason: 'quota' }, 1],
    ['token_force_refreshes_total', { appid }, 1],
    ['token_issued_timestamp_seconds', { appid }, 1_700_000_000.5],
    ['token_expiry_timestamp_seconds', { appid }, 1_700_007_200.5],
    ['token_rejections_total', { appid, errcode: '42001' }, 1],
    ['token_conflicts_total', { appid }, 1],
    ['replays_total', { appid, outcome: 'ok' }, 1],
    ['replays_skipped_total', { appid, reason: 'cooldown' }, 1],
    ['token_endpoint_calls_total', { appid, endpoint: 'stable_token', outcome: 'placeholder' }, 1],
    ['requests_in_flight', {}, 1],
    ['requests_refused_total', { reason: 'loop' }, 1],
    ['client_aborts_total', {}, 1],
    ['store_operations_total', { store: 'redis', operation: 'load', outcome: 'failed' }, 1],
  ];
  for (const [name, labels, value] of rows) {
    t.equal(scraped.get(series(name, labels)), value, series(name, labels));
  }
});

t.test('the closed sets are those of the contract', (t) => {
  t.strictSame(TRIGGERS, CONTRACT['token_refreshes_total']?.['trigger']);
  t.strictSame(OUTCOMES, CONTRACT['token_refreshes_total']?.['outcome']);
  t.end();
});

function combinations(
  labels: Readonly<Record<string, readonly string[]>>,
): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(labels)) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}
