/** What a scrape of /metrics costs the requests that are served meanwhile. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadConnection, type Answer } from '../load/connection.ts';
import { workload } from '../load/requests.ts';
import { mainThreadCpuMs } from '../process-figures.ts';
import type { ScrapeResult } from '../results.ts';
import { ACCOUNTS } from '../upstream/accounts.ts';
import type { Bench } from './bench.ts';
import { warmUp } from './measure.ts';
import { firstRequest } from './startup.ts';

/** A process that does nothing: the scrape is all that its thread does in between. */
const QUIET_MS = 50;

/** @returns nothing where ours is not among the contenders */
export async function measureScrape(bench: Bench): Promise<ScrapeResult | undefined> {
  const { plan, fleet, contenders, directory, say } = bench;
  const contender = contenders.find(({ kind }) => kind === 'ours');
  if (contender === undefined) return undefined;
  const accounts = plan.scrapeAccounts;
  const accountsFile = join(directory, 'accounts-scraped.json');
  writeFileSync(accountsFile, ACCOUNTS.file(accounts), { mode: 0o600 });
  const started = await fleet.start(contender, firstRequest, { accountsFile });
  const { port, adminPort } = started.place;
  for (const scenario of ['get', 'post'] as const) {
    const work = workload(scenario, { host: `127.0.0.1:${port}`, accounts });
    const requests = Math.max(plan.warmUp[scenario], accounts);
    await warmUp(bench, started, work, { requests, connections: plan.connections[scenario] });
  }
  const scraper = await LoadConnection.open({ port: adminPort });
  const prober = await LoadConnection.open({ port: adminPort });
  const scrape = requestFor('/metrics', adminPort);
  const threadMs: number[] = [];
  const longestWaitMs: number[] = [];
  let bytes = 0;
  for (let i = 0; i < plan.scrapes; i += 1) {
    await sleep(QUIET_MS);
    const before = mainThreadCpuMs(started.pid);
    ({ bodyBytes: bytes } = await scraper.exchange(scrape));
    // The count is brought up to date when the thread goes to sleep.
    await sleep(QUIET_MS);
    threadMs.push(mainThreadCpuMs(started.pid) - before);
  }
  for (let i = 0; i < plan.scrapes; i += 1) {
    await sleep(QUIET_MS);
    longestWaitMs.push(await longestWait(scraper, scrape, prober, adminPort));
  }
  say(`scrape: ${bytes} bytes for ${accounts} accounts`);
  scraper.close();
  prober.close();
  await fleet.stop(started);
  return { accounts, bytes, threadMs, longestWaitMs };
}

/** Probes one after the other, from before the scrape until it is answered. */
async function longestWait(
  scraper: LoadConnection,
  scrape: Buffer,
  prober: LoadConnection,
  adminPort: number,
): Promise<number> {
  const probe = requestFor('/healthz', adminPort);
  let longest = 0;
  await prober.exchange(probe);
  const scraped: { answer?: Answer | Error } = {};
  scraper.send(scrape, (answer) => {
    scraped.answer = answer;
  });
  while (scraped.answer === undefined) {
    const sent = performance.now();
    await prober.exchange(probe);
    longest = Math.max(longest, performance.now() - sent);
  }
  if (scraped.answer instanceof Error) throw scraped.answer;
  return longest;
}

function requestFor(path: string, port: number): Buffer {
  const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Accept: */*'];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
