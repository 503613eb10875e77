import t from 'tap';
import { OUTCOMES, TRIGGERS } from '../../../src/telemetry/labels.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { ROUTES } from '../../../src/wechat/routes.ts';

const APPID = 'wx0123456789abcdef';

/** DESIGN section 7: every metric, and of each label the values that are known beforehand. */
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

t.test('of a disposed account nothing is left, of the others everything', async (t) => {
  const metrics = instance();
  const gone = metrics.account('wxgone');
  const kept = metrics.account('wxkept');
  for (const account of [gone, kept]) {
    account.requestEnded('api', 418, 1);
    account.upstreamErrcode(40003);
    account.rejected(40001);
    account.tokenChanged(1, 2);
  }
  const before = await scrape(metrics);
  gone.dispose();
  const after = await scrape(metrics);
  t.strictSame(
    [...after.keys()].filter((id) => id.includes('wxgone')),
    [],
  );
  const others = [...before].filter(([id]) => !id.includes('wxgone'));
  t.strictSame([...after], others);
});

t.test('what a disposed account still counts brings nothing back', async (t) => {
  const metrics = instance();
  const account = metrics.account(APPID);
  account.dispose();
  account.requestEnded('api', 200, 1);
  account.upstreamErrcode(45009);
  account.upstreamFailed('reset');
  account.refreshed('rejected', 'fetched', 1);
  account.refreshFailed('quota');
  account.forceRefreshed();
  account.tokenChanged(1, 2);
  account.rejected(40001);
  account.conflict();
  account.replayed('ok');
  account.replaySkipped('memory');
  account.endpointCalled('token', 'issued');
  account.dispose();
  t.notMatch(await metrics.text(), APPID);
});

t.test('an account that comes back starts at zero', async (t) => {
  const metrics = instance();
  const first = metrics.account(APPID);
  first.conflict();
  first.dispose();
  const second = metrics.account(APPID);
  second.conflict();
  first.conflict();
  const id = series('token_conflicts_total', { appid: APPID });
  t.equal((await scrape(metrics)).get(id), 1);
});

t.test(
  'calls without an account have series of calls, and no token that could expire',
  async (t) => {
    const metrics = instance();
    t.notMatch(await metrics.text(), 'appid="none"', 'not before there is one');
    metrics.unattributed.requestEnded('other-token', 200, 0.1);
    metrics.unattributed.upstreamFailed('connect');
    const scraped = await scrape(metrics);
    const labels = { appid: 'none', route: 'other-token', status: '200' };
    t.equal(scraped.get(series('requests_total', labels)), 1);
    t.equal(metrics.unattributed, metrics.unattributed);
    const ids = [...scraped.keys()].filter((id) => id.includes('"none"'));
    t.strictSame(
      ids.filter((id) => /token_(?!endpoint)|replays/.test(id)),
      [],
    );
  },
);

t.test('the text is prom-client’s own', async (t) => {
  const metrics = instance();
  for (let i = 0; i < 40; i++) metrics.account(`wx${i}`).requestEnded('api', 200, 0.1);
  t.equal(await metrics.text(), await metrics.registry.metrics());
});

t.test('a scrape of 100 accounts holds up nobody for 20 ms', async (t) => {
  const metrics = instance();
  for (let i = 0; i < 100; i++) {
    const account = metrics.account(`wx${String(i).padStart(16, '0')}`);
    for (const route of ROUTES) account.requestEnded(route, 200, 0.1);
  }
  const longest: number[] = [];
  for (let round = 0; round < 5; round++) longest.push(await longestTurnMs(() => metrics.text()));
  t.ok(Math.min(...longest) < 20, `longest turns: ${longest.map((ms) => ms.toFixed(1)).join()} ms`);
});

t.test('disposing of one account does not look at the others', (t) => {
  const costMs = (others: number): number => {
    const metrics = instance();
    for (let i = 0; i < others; i++) metrics.account(`wy${i}`);
    const accounts = Array.from({ length: 50 }, (_, i) => metrics.account(`wx${i}`));
    const startedMs = threadMs();
    for (const account of accounts) account.dispose();
    return threadMs() - startedMs;
  };
  costMs(0);
  const alone = Math.min(costMs(0), costMs(0), costMs(0));
  const among = Math.min(costMs(1000), costMs(1000));
  t.ok(among < 20 * alone + 20, `${alone.toFixed(1)} ms alone, ${among.toFixed(1)} ms among 1000`);
  t.end();
});

t.test('the closed sets are those of the contract', (t) => {
  t.strictSame(TRIGGERS, CONTRACT['token_refreshes_total']?.['trigger']);
  t.strictSame(OUTCOMES, CONTRACT['token_refreshes_total']?.['outcome']);
  t.end();
});

function instance(): Metrics {
  return new Metrics({ version: '1.2.3', processMetrics: false });
}

/** Every series by its name without prefix, its labels in the order of the alphabet. */
async function scrape(metrics: Metrics): Promise<Map<string, number>> {
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

function series(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${sorted.map(([label, value]) => `${label}="${value}"`).join()}}`;
}

function combinations(
  labels: Readonly<Record<string, readonly string[]>>,
): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(labels)) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

/** The longest turn this took, in the thread's own time: what others do on this machine is not counted. */
async function longestTurnMs(run: () => Promise<unknown>): Promise<number> {
  let running = true;
  let longestMs = 0;
  let lastMs = threadMs();
  const turn = (): void => {
    const now = threadMs();
    longestMs = Math.max(longestMs, now - lastMs);
    lastMs = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  turn();
  running = false;
  return longestMs;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
