/** What the bench makes of its figures; `npm run bench:short` runs the bench itself. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { parseOptions } from '../bench/options.ts';
import { page } from '../bench/page.ts';
import { reach } from '../bench/reach.ts';
import type { Results } from '../bench/results.ts';
import {
  interleaved,
  pairedRatios,
  quantile,
  sharedOut,
  spread,
  turnsOf,
} from '../bench/statistics.ts';
import { benchResults, type Costs } from './helpers/bench-results.ts';

const root = dirname(import.meta.dirname);

t.test('quantiles lie between neighbours, whatever the order', (t) => {
  t.equal(quantile([3, 1, 2], 0.5), 2);
  t.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  t.strictSame(spread([5, 1, 4, 2, 3]), { q1: 2, median: 3, q3: 4 });
  t.equal(quantile([7], 0.99), 7);
  t.ok(Number.isNaN(quantile([], 0.5)));
  const given = [3, 1, 2];
  quantile(given, 0.5);
  t.strictSame(given, [3, 1, 2], 'what was given keeps its order');
  t.end();
});

t.test('a disturbance that hits both in a round leaves their ratio alone', (t) => {
  const quiet = [100, 100, 100];
  const disturbed = [80, 40, 80];
  const reference = [100, 50, 100];
  t.strictSame(pairedRatios(disturbed, reference), [0.8, 0.8, 0.8]);
  t.equal(pairedRatios(quiet, reference.slice(0, 2)).length, 2, 'only whole pairs count');
  t.end();
});

t.test('every second round goes backwards', (t) => {
  t.strictSame(interleaved(['a', 'b', 'c'], 0), ['a', 'b', 'c']);
  t.strictSame(interleaved(['a', 'b', 'c'], 1), ['c', 'b', 'a']);
  t.end();
});

t.test('fresh processes share the rounds', (t) => {
  t.strictSame(sharedOut(5, 2), [
    [0, 1, 2],
    [3, 4],
  ]);
  t.strictSame(sharedOut(2, 5), [[0], [1]], 'none is started for nothing');
  t.strictSame(
    sharedOut(60, 5).map(({ length }) => length),
    [12, 12, 12, 12, 12],
  );
  t.strictSame(turnsOf([1, 2], 2), [2, 3, 4, 5], 'each round has its own');
  t.end();
});

t.test('each promise passes at its bound and fails beyond it', (t) => {
  const passed = (change: Partial<Costs>): Record<string, boolean> =>
    Object.fromEntries(
      reach(benchResults(change)).map(({ promise, passed: held }) => [promise, held]),
    );
  const atBounds = passed({});
  t.equal(Object.keys(atBounds).length, 20);
  t.strictSame(
    Object.entries(atBounds).filter(([, held]) => !held),
    [],
    'the bounds themselves are reached',
  );
  const broken: readonly (readonly [Partial<Costs>, RegExp])[] = [
    [{ getRate: 0.89 }, /small GET/],
    [{ postRate: 0.89 }, /2 KiB POST/],
    [{ httpProxyRate: 0.42 }, /by http-proxy/],
    [{ httpxyRate: 0.76 }, /best other Node proxy’s \(httpxy\)/],
    [{ nginxRate: 3.1 }, /by nginx/],
    [{ uploadRate: 0.83 }, /1 MiB upload/],
    [{ downloadRate: 0.83 }, /1 MiB download/],
    [{ addedUs: 131 }, /added p50 latency/],
    [{ idleBytes: 121 }, /resident memory, idle/],
    [{ loadedBytes: 131 }, /resident memory after 200,000 requests/],
    [{ startMs: 151 }, /spawn to first/],
    [{ manyStartMs: 106 }, /start-up, by that with one/],
    [{ tokenCalls: 2 }, /token calls at the start/],
    [{ accountBytes: 2049 }, /KiB each/],
    [{ manyRate: 0.89 }, /in use/],
    [{ scrapeMs: 20.1 }, /ms of the event loop/],
    [{ waitMs: 20.1 }, /another request waits/],
  ];
  for (const [change, promise] of broken) {
    const failed = Object.entries(passed(change)).flatMap(([name, held]) => (held ? [] : [name]));
    t.ok(failed.length > 0 && failed.every((name) => promise.test(name)), `${promise}: ${failed}`);
  }
  t.end();
});

t.test('with many accounts all starts with their file count, however many are then in use', (t) => {
  const results = benchResults({ manyStartMs: 100 });
  const [one, many] = results.accounts ?? [];
  if (one === undefined || many === undefined) throw new Error('there should be two crowds');
  const slower = many.startups.map((start) => ({ ...start, wallMs: start.wallMs * 1.1 }));
  const idle = { ...many, inUse: 1, startups: slower };
  const found = reach({ ...results, accounts: [one, idle, many] });
  const start = found.find(({ promise }) => promise.includes('start-up, by that with one'));
  t.equal(start?.measured, '1.05 (at most 1.05)');
  t.end();
});

t.test('what was not measured is not promised', (t) => {
  t.strictSame(reach({ ...benchResults({}), throughput: {}, latency: [] }).length, 9);
  t.end();
});

t.test('the page names the run: date, command, machine, who was missing', (t) => {
  const text = page(benchResults({}));
  for (const said of [
    'measured on 2026-01-02',
    'npm run bench -- --full',
    'A Processor, 2 cores',
    'haproxy is missing: there is no haproxy',
    '| pass | requests per CPU-second, small GET, by the floor’s | 0.90 (at least 0.90) |',
    '| ours | 675,000 | 0.90 (0.90–0.90) |',
  ]) {
    t.ok(text.includes(said), said);
  }
  t.end();
});

t.test('the page says of a run only what it did', (t) => {
  const made = benchResults({});
  const asleep = page(made);
  const awake = page({ ...made, loadAwake: true });
  t.notMatch(asleep, 'core never sleeps');
  t.match(asleep, 'load’s core busy');
  t.match(awake, 'core never sleeps');
  t.notMatch(awake, 'load’s core busy', 'one that never sleeps is always busy');
  t.notMatch(asleep, 'Others were at work');
  const busy = { ...made, machine: { ...made.machine, load: 2 } };
  t.match(page(busy), 'Others were at work', 'such figures are not shown without a word');
  t.end();
});

t.test('the page shows what another machine reached, and what the floor does on both', (t) => {
  const here = benchResults({});
  t.notMatch(page(here), '## The same on another machine');
  const there = { ...benchResults({ httpProxyRate: 0.5 }), date: '2026-01-01T00:00:00Z' };
  const text = page(here, there);
  const [, section = ''] = text.split('## The same on another machine');
  t.match(section, '| FAIL | requests per CPU-second, small GET, by http-proxy’s | 1.80');
  t.match(section, 'Measured on 2026-01-01');
  t.match(
    section,
    /does 750,000 there, 2\.00 times as many as http-proxy, and 750,000 here, 2\.50 times/,
  );
  t.end();
});

const published = `${root}/bench/results/published.json`;
const elsewhere = `${root}/bench/results/elsewhere.json`;

t.test(
  'docs/performance.md says what the published run measured',
  { skip: !existsSync(published) && 'no run is published' },
  (t) => {
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Results;
    t.equal(
      readFileSync(`${root}/docs/performance.md`, 'utf8'),
      page(read(published), existsSync(elsewhere) ? read(elsewhere) : undefined),
      'no figure is typed by hand: node bench/publish.ts bench/results/published.json',
    );
    t.end();
  },
);

t.test('the floor and the rivals are measured with the versions that the program uses', (t) => {
  const ours = manifest('package.json');
  const bench = manifest('bench/package.json');
  for (const name of ['undici', 'http-proxy']) t.equal(bench[name], ours[name], name);
  for (const [name, version] of Object.entries(bench)) t.match(version, /^\d+\.\d+\.\d+$/, name);
  t.end();
});

t.test('options choose contenders, phases and how much is measured', (t) => {
  const options = parseOptions([
    '--only=ours,nginx',
    '--scenarios=get,memory',
    '--rounds=3',
    '--extra=before=/tmp/x/cli.js',
    '--ours-command=node dist/cli.js',
  ]);
  t.strictSame(options?.only, ['ours', 'nginx']);
  t.strictSame([...(options?.phases ?? [])], ['get', 'memory']);
  t.equal(options?.plan.rounds, 3);
  t.strictSame(options?.extra, [{ name: 'before', argv: [process.execPath, '/tmp/x/cli.js'] }]);
  t.strictSame(options?.oursCommand, ['node', 'dist/cli.js']);
  t.equal(parseOptions(['--full'])?.plan.memoryRequests, 1_000_000);
  t.equal(
    parseOptions(['--short'])?.json,
    undefined,
    'nothing is kept of figures that say nothing',
  );
  t.equal(parseOptions(['--help']), undefined);
  for (const wrong of [
    ['--rounds', '0'],
    ['--scenarios', 'put'],
    ['--extra', 'before'],
    ['--fast'],
  ]) {
    t.throws(() => parseOptions(wrong), wrong.join(' '));
  }
  t.end();
});

function manifest(path: string): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(`${root}/${path}`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies;
}
