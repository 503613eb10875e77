/** The flags of `simulate`. */
import { parseArgs } from 'node:util';
import { durationMs } from '../../settings/kinds/duration.ts';
import { CONTROL_PATH } from '../../simulator/control-path.ts';
import { DEMO_ACCOUNT } from '../../simulator/demo-account.ts';
import { DEFAULT_RULES } from '../../simulator/rules.ts';
import type { SimulatorOptions } from '../../simulator/simulator.ts';

/** What is wrong with the flags of `simulate`, all of it. The program ends with exit code 2. */
export class SimulateUsageError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'SimulateUsageError';
    this.faults = faults;
  }
}

const FLAGS = {
  port: '9080',
  host: '127.0.0.1',
  appid: DEMO_ACCOUNT.appid,
  appsecret: DEMO_ACCOUNT.appsecret,
  lifetime: `${DEFAULT_RULES.lifetimeMs / 1000}s`,
  overlap: `${DEFAULT_RULES.overlapMs / 1000}s`,
};

type Flag = keyof typeof FLAGS;

export const simulateUsage = `wechat-token-proxy simulate [flags]

A WeChat on your desk: keeps WeChat's token rules, needs no account and no network.

${flagLine('port', '0 takes any free port')}
${flagLine('host', 'anyone who can reach it can control it')}
${flagLine('appid', '')}
  --appsecret …             default: made up, and printed at the start
${flagLine('lifetime', 'life of a token')}
${flagLine('overlap', 'how long a retired token still works; at most half of the lifetime')}
  --help                    this text

Durations: 500ms, 90s, 5m, 2h. It is controlled over HTTP: GET ${CONTROL_PATH} tells how.
`;

/** As given, or else as by default. */
export type Flags = Readonly<Record<Flag, string>>;

/** @throws {SimulateUsageError} naming every flag that is unknown or wrong */
export function readOptions(argv: readonly string[]): {
  readonly flags: Flags;
  readonly options: SimulatorOptions;
} {
  const faults: string[] = [];
  const flags = readFlags(argv, faults);
  const options = {
    port: portOf(flags.port, faults),
    host: flags.host,
    accounts: { [flags.appid]: flags.appsecret },
    lifetimeMs: durationMsOf('lifetime', flags.lifetime, 1, faults),
    overlapMs: durationMsOf('overlap', flags.overlap, 0, faults),
  };
  if (faults.length > 0) throw new SimulateUsageError(faults);
  return { flags, options };
}

function flagLine(flag: Flag, about: string): string {
  return `  ${`--${flag} ${FLAGS[flag]}`.padEnd(26)}${about}`.trimEnd();
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
  const ms = durationMs(text) ?? Number.NaN;
  if (!(ms >= leastMs)) {
    faults.push(`--${flag}: a duration such as 500ms, 90s, 5m or 2h${leastMs ? ', not 0' : ''}`);
  }
  return ms;
}
