/** What is wrong with settings that are right one by one. */
import { didYouMean } from './did-you-mean.ts';
import { isEveryInterface, type ListenAddress } from './kinds/listen-address.ts';
import { isLoopbackHost } from './loopback.ts';
import { variableOf } from './names.ts';
import type { SettingsFault } from './settings-error.ts';
import type { SettingName, Values } from './table.ts';

interface CrossCheckInput {
  /** Those that could be read; the others were reported already, and are not reported again. */
  readonly values: Partial<Values>;
  /** Whether the user gave it, rightly or wrongly. */
  readonly isGiven: (name: SettingName) => boolean;
  readonly env: NodeJS.ProcessEnv;
}

export function crossCheck(input: CrossCheckInput): SettingsFault[] {
  return [
    ...accountFaults(input),
    ...peerFaults(input),
    ...clientKeyFaults(input),
    ...plainHttpFaults(input),
    ...listenFaults(input),
    ...limitFaults(input),
  ];
}

function accountFaults({ isGiven, env }: CrossCheckInput): SettingsFault[] {
  if (isGiven('appid')) {
    if (isGiven('appsecret') || isGiven('token-peer')) return [];
    const message =
      'is set without its secret: set WECHAT_APPSECRET_FILE (or WECHAT_APPSECRET) as well' +
      misnamed('WECHAT_APPSECRET', env);
    return [fault('appid', message)];
  }
  if (isGiven('appsecret')) {
    const message = `is missing, though WECHAT_APPSECRET is set${misnamed('WECHAT_APPID', env)}`;
    return [fault('appid', message)];
  }
  if (isGiven('accounts-file')) return [];
  const message =
    'no account is configured: set WECHAT_APPID and WECHAT_APPSECRET_FILE (or WECHAT_APPSECRET), ' +
    `or WXPROXY_ACCOUNTS_FILE for many accounts${misnamed('WECHAT_APPID', env)}`;
  return [fault('appid', message)];
}

function peerFaults({ isGiven }: CrossCheckInput): SettingsFault[] {
  if (isGiven('token-peer') === isGiven('token-peer-key')) return [];
  return isGiven('token-peer')
    ? [fault('token-peer-key', 'is missing: the peer wants its client key, set it or its _FILE')]
    : [fault('token-peer', 'is missing, though WXPROXY_TOKEN_PEER_KEY is set')];
}

function clientKeyFaults({ values, isGiven }: CrossCheckInput): SettingsFault[] {
  if (isGiven('client-key')) return [];
  const faults: SettingsFault[] = [];
  if (values['token-endpoints'] === 'issue') {
    const message = 'is missing: WXPROXY_TOKEN_ENDPOINTS=issue gives out real tokens';
    faults.push(fault('client-key', message));
  }
  const { listen } = values;
  if (listen !== undefined && 'host' in listen && !isLoopbackHost(listen.host)) {
    const message =
      'is missing: WXPROXY_LISTEN is reachable from other machines; set a key (or its _FILE), ' +
      'or listen on 127.0.0.1 or a unix socket';
    faults.push(fault('client-key', message));
  }
  return faults;
}

function plainHttpFaults({ values }: CrossCheckInput): SettingsFault[] {
  if (values['upstream-insecure'] !== false) return [];
  return (['upstream', 'token-peer'] as const).flatMap((name) => {
    const url = values[name];
    if (url === undefined || url.protocol === 'https:' || isLoopbackHost(url.hostname)) return [];
    const message =
      'is plain http to another machine, where tokens and secrets can be read on the way: ' +
      'use https, or allow it with WXPROXY_UPSTREAM_INSECURE=true';
    return [fault(name, message)];
  });
}

function listenFaults({ values }: CrossCheckInput): SettingsFault[] {
  const { listen, 'admin-listen': admin } = values;
  if (listen === undefined || admin === undefined || !collide(listen, admin)) return [];
  return [fault('admin-listen', 'is the same address as WXPROXY_LISTEN: choose another port')];
}

function limitFaults({ values }: CrossCheckInput): SettingsFault[] {
  const body = values['replay-body-limit'];
  const memory = values['replay-memory-limit'];
  if (body === undefined || memory === undefined || body <= memory) return [];
  const message = `is larger than WXPROXY_REPLAY_MEMORY_LIMIT (${body} > ${memory} bytes)`;
  return [fault('replay-body-limit', message)];
}

function collide(a: ListenAddress, b: ListenAddress): boolean {
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path;
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || [a.host, b.host].some(isEveryInterface) || bothLocalhost(a, b);
}

/** `localhost` is one of the loopback addresses, which one is not ours to know. */
function bothLocalhost(a: { host: string }, b: { host: string }): boolean {
  const named = a.host === 'localhost' || b.host === 'localhost';
  return named && isLoopbackHost(a.host) && isLoopbackHost(b.host);
}

/** The app's own WECHAT_… variables are none of our business, but one may be a mistyped ours. */
function misnamed(wanted: string, env: NodeJS.ProcessEnv): string {
  const others = Object.keys(env).filter(
    (name) => name !== wanted && /^(?:WECHAT|WX|WEIXIN)_/i.test(name),
  );
  const near = others.find((name) => didYouMean(name.toUpperCase(), [wanted]) !== '');
  return near === undefined ? '' : ` (${near} is set: did you mean ${wanted}?)`;
}

function fault(name: SettingName, message: string): SettingsFault {
  return { setting: variableOf(name), message };
}
