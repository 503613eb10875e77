import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Controls } from './controls.ts';
import { FAULT_KINDS, type Fault } from './faults.ts';
import { receive } from './request-body.ts';
import { DEFAULT_RULES } from './rules.ts';

/** Below it a simulator is controlled over HTTP: no path of WeChat's begins so. */
export const CONTROL_PATH = '/__simulator';

type Input = Readonly<Record<string, unknown>>;

interface Action {
  readonly about: string;
  /** What the JSON body may hold. */
  readonly fields: readonly string[];
  readonly run: (controls: Controls, input: Input) => unknown;
}

const REFUSAL_FIELDS = ['errcode', 'count', 'path'];
const FAULT_FIELDS =
  'kind count skip path tokenCalls reused early delayMs everyMs status headers body bodyBase64';

// The fields' values are checked by the controls themselves, which tests call directly as well.
const ACTIONS: Readonly<Record<string, Action>> = {
  'GET state': {
    about: 'clock, rules, tokens, pending scripts',
    fields: [],
    run: (controls) => controls.state(),
  },
  'GET counts': {
    about: 'calls counted since the start or the last reset',
    fields: [],
    run: (controls) => controls.counts,
  },
  'GET requests': {
    about: 'the last requests, with their tokens: for tests only',
    fields: [],
    run: (controls) => controls.requests,
  },
  'POST rotate': {
    about: 'takes a new token, as another program would; via: stable_token (default) or token',
    fields: ['appid', 'via'],
    run: (controls, input) => controls.rotate(input),
  },
  'POST revoke': {
    about:
      'ends all tokens now; mode: dead (default), expired, or kept (refused, yet handed out again)',
    fields: ['appid', 'mode'],
    run: (controls, input) => controls.revoke(input),
  },
  'POST reject': {
    about: 'refuses API calls: errcode (40001), count (1, or "forever"), path (all)',
    fields: REFUSAL_FIELDS,
    run: (controls, input) => controls.reject(input),
  },
  'POST refuse-tokens': {
    about: 'refuses token calls: errcode (-1, busy), count (1, or "forever"), path (all)',
    fields: REFUSAL_FIELDS,
    run: (controls, input) => controls.refuseTokens(input),
  },
  'POST fault': {
    about: 'makes the next matching requests go wrong; for the kinds see "faults"',
    fields: FAULT_FIELDS.split(' '),
    run: (controls, input) => controls.fault(input as unknown as Fault),
  },
  'POST release': {
    about: 'lets the answers go that the fault "hold" keeps',
    fields: [],
    run: (controls) => controls.release(),
  },
  'POST rules': {
    about: 'changes rules: times in ms, quotas as numbers or null for no limit',
    fields: Object.keys(DEFAULT_RULES),
    run: (controls, input) => controls.set(input),
  },
  'POST secret': {
    about: 'gives an account a new AppSecret, or adds the account',
    fields: ['appid', 'appsecret'],
    run: (controls, input) =>
      controls.setSecret(input['appid'] as string, input['appsecret'] as string),
  },
  'POST close-idle': {
    about: 'closes the connections that carry no request',
    fields: [],
    run: (controls) => controls.closeIdle(),
  },
  'POST reset': {
    about: 'forgets what: everything (default) or counts',
    fields: ['what'],
    run: (controls, input) => controls.reset(input['what'] as 'everything' | undefined),
  },
};

export function isControlPath(path: string): boolean {
  return path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`);
}

/** Answers the control path: JSON in, JSON out, 400 with `error` for what cannot be done. */
export async function answerControl(
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
  controls: Controls,
): Promise<void> {
  const name = path.slice(CONTROL_PATH.length + 1);
  if (name === '') return reply(res, 200, description());
  const action = ACTIONS[`${req.method} ${name}`];
  if (action === undefined) {
    return reply(res, 404, { error: `no such control; GET ${CONTROL_PATH} lists them` });
  }
  const { kept } = await receive(req);
  try {
    reply(res, 200, action.run(controls, inputOf(kept.toString(), action.fields)) ?? { ok: true });
  } catch (error) {
    reply(res, 400, { error: (error as Error).message });
  }
}

function inputOf(text: string, fields: readonly string[]): Input {
  const input: unknown = text === '' ? {} : parse(text);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new RangeError('the body: a JSON object');
  }
  const unknown = Object.keys(input).filter((key) => !fields.includes(key));
  if (unknown.length === 0) return input as Input;
  const known = fields.length > 0 ? fields.join(', ') : 'none';
  throw new RangeError(`${unknown.join(', ')}: no such field; fields here: ${known}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError('the body: a JSON object');
  }
}

function description(): unknown {
  const controls = Object.entries(ACTIONS).map(([key, { about, fields }]) => {
    const call = key.replace(' ', ` ${CONTROL_PATH}/`);
    return [call, fields.length > 0 ? `${about}. Fields: ${fields.join(', ')}` : about];
  });
  return {
    about: 'A WeChat on your desk. The control path takes and gives JSON.',
    controls: Object.fromEntries(controls),
    faults: FAULT_KINDS,
    defaultRules: DEFAULT_RULES,
  };
}

function reply(res: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value, null, 2)}\n`;
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
}
