/** docs/performance.md: the figures of one run, and what was reached on another machine. */
import type { Machine, Results } from './results.ts';
import { spread } from './statistics.ts';
import { rateRatio, rates, wasBusy } from './summary.ts';
import { tables, type Table } from './tables.ts';

/** @param elsewhere a run on another machine: what it reached is shown as well */
export function page(results: Results, elsewhere?: Results): string {
  const { date, command, machine, contenders, plan, loadAwake = false } = results;
  const [day] = date.split('T');
  const { get: warmUp, upload: largeWarmUp } = plan.warmUp;
  const skipped = contenders.filter((contender) => contender.skipped !== undefined);
  const figures = tables(results).filter(({ title }) => title !== 'Reach');
  return `# Performance

What the proxy costs beside other proxies, measured on ${day} by

\`\`\`sh
${command}
\`\`\`

Every figure here is rendered from [bench/results/published.json](../bench/results/published.json), which
holds those of every round: \`node bench/publish.ts\` after a run writes both. \`npm run bench -- --help\`
says what else it can measure.

The yardstick is the **Node floor**: the least that a relay of Node's server and undici's client can do
(\`node:http\` in, one \`dispatch\` out, the token put into the query, small bodies collected and written in
one go, nothing else). Ours runs as users run it: guard, routes, header policy, inspection, metrics, request
ids and readiness for a replay are all on. Its HTTP/1.1 towards the upstream is its own: that is how it can
cost less than the floor.

${reached(results, 'What was to be reached')}${elsewhere === undefined ? '' : anotherMachine(results, elsewhere)}${figures.map((table) => markdown(table)).join('')}## Machine

${machineText(machine)} Contenders: ${contenders
    .filter(({ skipped: why }) => why === undefined)
    .map(({ name, version }) => (version.startsWith(name) ? version : `${name} (${version})`))
    .join(', ')}.${skipped.map(({ name, skipped: why }) => ` ${name} is missing: ${why}.`).join('')}

## Method

- One process is load and upstream, on one core. The contenders have the other, each in one process or with
  one worker, and only one at a time has work. All contenders of Node run on the same Node, ours with the
  flags that its image passes, unless the command above says otherwise.
- The upstream speaks TLS 1.3, its certificate signed by a private CA that each contender is told to
  trust, and it answers only when the token is in the query. Before anything is timed, each contender
  proves itself: token put in, query, fields and bodies (2 KiB and 1 MiB up, 1 MiB down, by SHA-256)
  unchanged, connections kept on both sides, and an upstream with another CA refused.
- Requests and answers carry the fields that an app and WeChat send. URLs vary, so that no cache of URLs
  answers for the work. Each contender may keep more connections to the upstream than the load has to it.
- Each contender is started ${plan.processes} times, one after another, and its rounds are shared out among these
  processes: how V8 happens to compile one is worth some per cent for as long as it lives.
- After a warm-up of each by ${warmUp.toLocaleString('en')} requests (${largeWarmUp.toLocaleString('en')} of 1 MiB), ${plan.rounds} rounds with turns of ${plan.sliceMs / 1000} s,
  all contenders one after another: A B C, then C B A. In a round each has ${plan.turns.get} turns with GET, ${plan.turns.post} with POST and
  ${plan.turns.upload} with each of the others. The first ${plan.leadInMs} ms of each turn, in which connections are opened, are not
  counted.
- **Requests per CPU-second** are requests by user and system time of all of the contender's processes, as
  the scheduler counts it: the figure to trust on a noisy machine. A ratio is the median of those of
  single turns, in brackets the quartiles.
${loadAwake ? LOAD_AWAKE : ''}- **Added latency** is the contender's less that of the app's own TLS call to the upstream in the same
  round. With 32 connections each sends its next request as soon as it is answered: a core is then
  busy, and latency shows how much it can do.
- **Start** is from just before the process is made to the end of the first right answer, the token call
  of ours within; median of ${plan.startups} fresh processes, in turn.
- **Memory** is what is resident in a fresh process (all of its processes, program text included): idle
  ${plan.settleMs / 1000} s after the first call, and again after very many calls, GETs and POSTs by turns. *Shared
  pages divided* is the same where pages that other processes have mapped too are divided among them.
- **Accounts**: a file of so many, requests to those in use one after another, with ${plan.turns.accounts} turns
  in a round: it is ours beside ours, and some per cent are to be seen. Where all are in use, a process
  begins with nothing but first uses, each with its token call, before its warm-up.
- **A scrape**: time of the event loop's thread, and how long a request to \`/healthz\` waits meanwhile,
  probed without pause.

## Limits

- Two cores and loopback: no network, no other tenant, no handshakes once it is warm. Ratios carry over to
  another machine better than absolute figures do, but the faster it runs JavaScript beside what the kernel
  does for a request, the closer are all proxies on Node to each other, and to nginx.
- nginx and haproxy can do more than the load asks of them: *its core busy* shows how far.
- Load and upstream share a process, so no p99 here is free of their own pauses; they are in the
  app's own call as well.
- Memory after load is one run of each: collections of V8 come when they come, and 5 % is noise.
- The others do less: they look into no answer, renew no token, replay nothing. That is the point of the
  comparison, not a flaw in them.
`;
}

function reached(results: Results, heading: string): string {
  const reach = tables(results).filter(({ title }) => title === 'Reach');
  return reach.map((table) => markdown(table, heading)).join('');
}

/** What a promise is worth on another machine: the floor shows how much of it is the machine's doing. */
function anotherMachine(here: Results, there: Results): string {
  const floor = ({ throughput }: Results): string =>
    Math.round(spread(rates(throughput.get?.['node-floor'])).median).toLocaleString('en');
  const lead = (results: Results): string =>
    rateRatio(results, 'get', 'node-floor', 'http-proxy')?.median.toFixed(2) ?? '–';
  const [day] = there.date.split('T');
  return `${reached(there, 'The same on another machine')}Measured on ${day} by \`${there.command}\`; its figures are in
[bench/results/elsewhere.json](../bench/results/elsewhere.json). Of small GETs per CPU-second the Node floor
itself does ${floor(there)} there, ${lead(there)} times as many as http-proxy, and ${floor(here)} here, ${lead(here)} times
as many. That machine: ${machineText(there.machine)}

`;
}

/** Only of a run that did so: figures that were made otherwise are rendered here too. */
const LOAD_AWAKE = `- The load's core never sleeps while a contender is measured: who sends to a process that sleeps pays for
  waking it, the more the less the load has to do, and that is not the contender's doing.
`;

const BUSY = ` **Others were at work on it**: of these figures trust the ratios at most.`;

function machineText(machine: Machine): string {
  const { cpu, cores, memoryBytes, kernel, os, node, load, coresUsed } = machine;
  const pinned = coresUsed === 'not pinned' ? ' Nothing was pinned: there is one core.' : '';
  const busy = wasBusy(machine) ? BUSY : '';
  const memory = Math.round(memoryBytes / 2 ** 30);
  return `${cpu}, ${cores} cores, ${memory} GiB, ${os}, Linux ${kernel}, Node ${node.slice(1)}; load ${load.toFixed(2)} when the run began.${pinned}${busy}`;
}

function markdown({ title, head, rows }: Table, heading = title): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return `## ${heading}\n\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}\n`;
}
