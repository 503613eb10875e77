/** `npm run bench`: measures every contender and says what came out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Contender } from './contenders/contender.ts';
import { haproxy, nginx } from './contenders/native-programs.ts';
import { nodeFloor, otherNodeProxies } from './contenders/node-programs.ts';
import { ours } from './contenders/ours.ts';
import { allowedCores, Fleet, pinSelf } from './fleet.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE, type Options } from './options.ts';
import { measureAccounts } from './phases/accounts.ts';
import type { Bench } from './phases/bench.ts';
import { measureByTurns } from './phases/by-turns.ts';
import { measureMemory } from './phases/memory.ts';
import { measureScrape } from './phases/scrape.ts';
import { measureStartup } from './phases/startup.ts';
import { report } from './report.ts';
import type { Results } from './results.ts';
import { ACCOUNTS } from './upstream/accounts.ts';
import { makeCertificate } from './upstream/certificate.ts';
import { startUpstream } from './upstream/upstream.ts';

/** Where a contender that is not installed is a failure. */
const CI = Boolean(process.env['CI']);

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'wxproxy-bench-'));
  const interrupted = (): void => process.exit(130);
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  try {
    const results = await run(options, argv, directory);
    process.stdout.write(report(results));
    if (options.json !== undefined) {
      mkdirSync(dirname(options.json), { recursive: true });
      writeFileSync(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
      process.stdout.write(`\nThe figures of every round: ${options.json}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 1;
  }
}

async function run(
  { plan, phases, only, oursCommand, extra }: Options,
  argv: readonly string[],
  directory: string,
): Promise<Results> {
  const all = [
    ours('ours', oursCommand),
    ...extra.map(({ name, argv: command }) => ours(name, command)),
    nodeFloor,
    nginx,
    haproxy,
    ...otherNodeProxies,
  ];
  const chosen = choose(all, only);
  const contenders = chosen.filter(({ missing }) => missing === undefined);
  const [loadCore, contenderCore] = allowedCores();
  const pinned = loadCore !== undefined && contenderCore !== undefined;
  if (pinned) pinSelf(loadCore);
  const machine = describeMachine(
    pinned ? { load: loadCore, contender: contenderCore } : 'not pinned',
  );
  const certificate = makeCertificate(directory, 'wechat');
  const upstream = await startUpstream(certificate);
  const stranger = await startUpstream(makeCertificate(directory, 'stranger'));
  const fleet = new Fleet({
    directory,
    upstream: upstream.address,
    caFile: certificate.caFile,
    token: ACCOUNTS.token(0),
    core: contenderCore,
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const bench: Bench = { plan, fleet, upstream, certificate, contenders, directory, pinned, say };
  try {
    return {
      date: new Date().toISOString(),
      command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
      machine,
      plan,
      loadAwake: pinned,
      contenders: chosen.map(({ name, kind, version, missing }) => ({
        name,
        kind,
        version,
        ...(missing !== undefined && { skipped: missing }),
      })),
      ...(await measureByTurns(bench, phases, stranger)),
      ...(phases.has('startup') && { startup: await measureStartup(bench) }),
      ...(phases.has('memory') && { memory: await measureMemory(bench) }),
      ...(phases.has('accounts') && { accounts: await measureAccounts(bench) }),
      ...(phases.has('scrape') && { scrape: await measureScrape(bench) }),
    };
  } finally {
    await fleet.stopAll();
    upstream.close();
    stranger.close();
  }
}

/** @throws for a name that nobody has, and in CI for one that is not installed */
function choose(all: readonly Contender[], only: Options['only']): readonly Contender[] {
  for (const name of only ?? []) {
    if (all.some((contender) => contender.name === name)) continue;
    throw new Error(`--only: ${name} is none of ${all.map((one) => one.name).join(', ')}`);
  }
  const chosen = all.filter(({ name }) => only?.includes(name) ?? true);
  const missing = chosen.find((one) => one.missing !== undefined && (CI || one.kind === 'ours'));
  if (missing) throw new Error(`${missing.name}: ${missing.missing}`);
  return chosen;
}
