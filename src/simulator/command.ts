import { parseArgs } from 'node:util';
import { DEMO_ACCOUNT } from './demo-account.ts';
import { CONTROL_PATH } from './control-path.ts';
import { startSimulator, type Simulator } from './simulator.ts';

/** What is wrong with the flags of `simulate`, all of it. The program ends with exit code 2. */
export class SimulateUsageError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'SimulateUsageError';
    this.faults = faults;
  }
}

export const simulateUsage = `wechat-token-proxy simulate [flags]

A WeChat on your desk: keeps WeChat's token rules, needs no account and no network.

  --port 9080               0 takes any free port
  --host 127.0.0.1          anyone who can reach it can control it
  --appid ${DEMO_ACCOUNT.appid}
  --appsecret …             default: made up, and printed at the start
  --lifetime 7200s          life of a token
  --overlap 300s            how long a retired token still works; at most half of the lifetime
  --help                    this text

Durations: 500ms, 90s, 5m, 2h. It is controlled over HTTP: GET ${CONTROL_PATH} tells how.
`;

/** How the proxy is started from here: a checkout has no program of that name in its PATH. */
const PROXY = import.meta.url.endsWith('.ts') ? 'npm start' : 'wechat-token-proxy';

const FLAGS = {
  port: '9080',
  host: '127.0.0.1',
  appid: DEMO_ACCOUNT.appid,
  appsecret: DEMO_ACCOUNT.appsecret,
  lifetime: '7200s',
  overlap: '300s',
};

type Flag = keyof typeof FLAGS;

const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/**
 * The `simulate` command: starts a simulator and says where it is. `--help` is the caller's business.
 * @param argv the flags after the command's name
 * @throws {SimulateUsageError} naming every flag that is unknown or wrong, or a port that is taken
 */
export async function simulate(
  argv: readonly string[],
  out: (line: string) => void,
): Promise<Simulator> {
  const faults: string[] = [];
  const flags = readFlags(argv, faults);
  const port = portOf(flags.port, faults);
  const lifetimeMs = durationMsOf('lifetime', flags.lifetime, 1, faults);
  const overlapMs = durationMsOf('overlap', flags.overlap, 0, faults);
  if (faults.length > 0) throw new SimulateUsageError(faults);

  const accounts = { [flags.appid]: flags.appsecret };
  const options = { port, host: flags.host, accounts, lifetimeMs, overlapMs };
  const simulator = await startSimulator(options).catch((error: NodeJS.ErrnoException) => {
    throw listenFault(error, flags);
  });
  for (const line of startText(simulator.url, flags)) out(line);
  return simulator;
}

function readFlags(argv: readonly string[], faults: string[]): Record<Flag, string> {
  const flags: Record<Flag, string> = { ...FLAGS };
  const options = Object.fromEntries(
    Object.keys(FLAGS).map((name) => [name, { type: 'string' as const }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      faults.push(`"${token.value}": simulate takes flags only`);
    } else if (!Object.hasOwn(FLAGS, token.name)) {
      faults.push(`${token.rawName}: no such flag; see simulate --help`);
    } else if (!token.value) {
      faults.push(`${token.rawName}: needs a value`);
    } else {
      flags[token.name as Flag] = token.value;
    }
  }
  return flags;
}

function portOf(text: string, faults: string[]): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) faults.push('--port: a number from 0 to 65535');
  return port;
}

function durationMsOf(flag: Flag, text: string, leastMs: number, faults: string[]): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS.get(unit ?? '') ?? Number.NaN);
  if (!(ms >= leastMs)) {
    faults.push(`--${flag}: a duration such as 500ms, 90s, 5m or 2h${leastMs ? ', not 0' : ''}`);
  }
  return ms;
}

function listenFault(error: NodeJS.ErrnoException, flags: Record<Flag, string>): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new SimulateUsageError([`--port: ${flags.port} is taken; choose another, or 0`]);
    case 'EACCES':
      return new SimulateUsageError([
        `--port: ${flags.port} is not allowed; choose one above 1023`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new SimulateUsageError([`--host: ${flags.host} is not an address of this machine`]);
    default:
      return error;
  }
}

function startText(url: string, flags: Record<Flag, string>): readonly string[] {
  const ownSecret = flags.appsecret !== DEMO_ACCOUNT.appsecret;
  const secret = ownSecret ? '<the one you gave>' : flags.appsecret;
  return [
    `A WeChat on your desk: ${url}`,
    `  appid      ${flags.appid}`,
    `  appsecret  ${secret}${ownSecret ? '' : '  (made up, good here only)'}`,
    `  tokens     live ${flags.lifetime}; a retired one works ${flags.overlap} more`,
    '',
    'Point the proxy at it:',
    `  WXPROXY_UPSTREAM=${url} WECHAT_APPID=${flags.appid} WECHAT_APPSECRET=${secret} ${PROXY}`,
    'Take its token away, as another program with the same account would:',
    `  curl -X POST ${url}${CONTROL_PATH}/rotate`,
    'Everything else it can do:',
    `  curl ${url}${CONTROL_PATH}`,
  ];
}
