import { duration } from './kinds/duration.ts';
import type { Kind } from './kinds/kind.ts';
import { hosts, pathPatterns } from './kinds/lists.ts';
import { listenAddress } from './kinds/listen-address.ts';
import { origin } from './kinds/origin.ts';
import { appid, boolean, filePath, integer, oneOf } from './kinds/scalars.ts';
import { secret } from './kinds/secret.ts';
import { size } from './kinds/size.ts';
import { tokenStore } from './kinds/token-store.ts';
import type { Secret } from '../telemetry/secret.ts';

/**
 * The single source for parsing, `--help` and the README. A key is the name of the flag (`--key`)
 * and of the config file's member. A secret has no flag itself, but a second form that names a
 * file: `--key-file`, `ENV_FILE`, member `key-file`.
 */
export const table = {
  appid: optional({
    env: 'WECHAT_APPID',
    kind: appid,
    help: 'the account',
  }),
  appsecret: optionalSecret({
    env: 'WECHAT_APPSECRET',
    help: 'its AppSecret',
  }),
  'accounts-file': optional({
    env: 'WXPROXY_ACCOUNTS_FILE',
    kind: filePath,
    help: 'many accounts: JSON `[{"appid","appsecret"|"appsecretFile","tokenApi"?,"default"?}]`, re-read when it changes',
  }),
  upstream: defaulting({
    env: 'WXPROXY_UPSTREAM',
    kind: origin,
    default: 'https://api.weixin.qq.com',
    help: 'where requests go; plain http only to loopback; a private CA through `NODE_EXTRA_CA_CERTS`',
  }),
  'upstream-insecure': defaulting({
    env: 'WXPROXY_UPSTREAM_INSECURE',
    kind: boolean,
    default: 'false',
    help: 'allow a plain-http upstream or peer that is not loopback',
  }),
  config: optional({
    env: 'WXPROXY_CONFIG',
    kind: filePath,
    help: 'a JSON file with any of these settings, named as their flags are',
  }),
  'max-accounts': defaulting({
    env: 'WXPROXY_MAX_ACCOUNTS',
    kind: integer(1, 1_000_000),
    default: '10000',
    help: 'active accounts held at a time',
  }),
  listen: defaulting({
    env: 'WXPROXY_LISTEN',
    kind: listenAddress,
    default: '127.0.0.1:8080',
    help: 'where the app connects: `host:port`, `:port` for every interface, or `unix:/path`',
  }),
  'admin-listen': defaulting({
    env: 'WXPROXY_ADMIN_LISTEN',
    kind: listenAddress,
    default: '127.0.0.1:9464',
    help: '`/metrics`, `/healthz`, `/readyz` and the status page; never proxies, shows no secret',
  }),
  'token-api': defaulting({
    env: 'WXPROXY_TOKEN_API',
    kind: oneOf('stable_token', 'token'),
    default: 'stable_token',
    help: 'which of WeChat’s calls issues tokens; with `token`, each call retires the previous one',
  }),
  'token-store': defaulting({
    env: 'WXPROXY_TOKEN_STORE',
    kind: tokenStore,
    default: 'memory',
    help: 'where tokens are remembered: `memory`, `file:/path`, `redis://…` or `rediss://…`',
  }),
  'token-peer': optional({
    env: 'WXPROXY_TOKEN_PEER',
    kind: origin,
    help: 'get tokens from this other instance; then no AppSecret is needed here',
  }),
  'token-peer-key': optionalSecret({
    env: 'WXPROXY_TOKEN_PEER_KEY',
    help: 'the client key of the peer',
  }),
  'token-endpoints': defaulting({
    env: 'WXPROXY_TOKEN_ENDPOINTS',
    kind: oneOf('placeholder', 'issue', 'refuse'),
    default: 'placeholder',
    help: 'what apps that ask for a token get: a stand-in, the real one (needs a client key), or a refusal',
  }),
  'client-key': optionalSecret({
    env: 'WXPROXY_CLIENT_KEY',
    help: 'callers must show it; required for `issue`, and to listen beyond loopback or a unix socket',
  }),
  'refresh-window': defaulting({
    env: 'WXPROXY_REFRESH_WINDOW',
    kind: duration(0),
    default: '300s',
    help: 'how long before its expiry a token is renewed, at most half of its life',
  }),
  'replay-body-limit': defaulting({
    env: 'WXPROXY_REPLAY_BODY_LIMIT',
    kind: size(2 ** 31, '2GiB'),
    default: '12MiB',
    help: 'a larger request body is streamed and cannot be replayed',
  }),
  'replay-memory-limit': defaulting({
    env: 'WXPROXY_REPLAY_MEMORY_LIMIT',
    kind: size(2 ** 40, '1024GiB'),
    default: '64MiB',
    help: 'all held request bodies together; above it, bodies are streamed',
  }),
  'connect-timeout': defaulting({
    env: 'WXPROXY_CONNECT_TIMEOUT',
    kind: duration(1),
    default: '5s',
    help: 'to connect to the upstream',
  }),
  'response-timeout': defaulting({
    env: 'WXPROXY_RESPONSE_TIMEOUT',
    kind: duration(1),
    default: '30s',
    help: 'to the first byte of the response, after the request was sent',
  }),
  'idle-timeout': defaulting({
    env: 'WXPROXY_IDLE_TIMEOUT',
    kind: duration(1),
    default: '60s',
    help: 'the longest silence between two bytes',
  }),
  'token-timeout': defaulting({
    env: 'WXPROXY_TOKEN_TIMEOUT',
    kind: duration(1),
    default: '10s',
    help: 'for one token call',
  }),
  'max-connections': defaulting({
    env: 'WXPROXY_MAX_CONNECTIONS',
    kind: integer(1, 65_535),
    default: '256',
    help: 'to the upstream',
  }),
  'allow-paths': optional({
    env: 'WXPROXY_ALLOW_PATHS',
    kind: pathPatterns,
    unset: 'all',
    guards: true,
    help: 'paths that may be called, comma-separated; `*` within a segment, `**` across',
  }),
  'deny-paths': optional({
    env: 'WXPROXY_DENY_PATHS',
    kind: pathPatterns,
    unset: 'none',
    guards: true,
    help: 'paths that may not, even if allowed',
  }),
  'allow-hosts': optional({
    env: 'WXPROXY_ALLOW_HOSTS',
    kind: hosts,
    unset: 'loopback names and the listen host',
    guards: true,
    help: '`Host` headers accepted, comma-separated',
  }),
  'drain-delay': defaulting({
    env: 'WXPROXY_DRAIN_DELAY',
    kind: duration(0),
    default: '0s',
    help: 'after SIGTERM, how long to serve on while already not ready',
  }),
  'drain-timeout': defaulting({
    env: 'WXPROXY_DRAIN_TIMEOUT',
    kind: duration(0),
    default: '25s',
    help: 'after that, how long requests in flight may take to end',
  }),
  'log-level': defaulting({
    env: 'WXPROXY_LOG_LEVEL',
    kind: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    default: 'info',
    help: 'the least that is logged',
  }),
  'log-format': defaulting({
    env: 'WXPROXY_LOG_FORMAT',
    kind: oneOf('json', 'pretty'),
    default: 'json',
    help: '`pretty` for people',
  }),
} satisfies Readonly<Record<string, Setting>>;

export interface Setting<T = unknown> {
  readonly env: string;
  readonly kind: Kind<T>;
  readonly help: string;
  /** As a user would write it. */
  readonly default?: string;
  /** What holds without a value, in words. */
  readonly unset?: string;
  /** Its text is never shown, and it has a second form that names a file. */
  readonly secret?: boolean;
  /** Decides who may do what: an empty variable is then a fault, and not the same as none. */
  readonly guards?: boolean;
}

export type SettingName = keyof typeof table;

type Value<Row> =
  Row extends Setting<infer T> ? (Row extends { default: string } ? T : T | undefined) : never;

/** What each row's text is parsed into; `undefined` where a row without default is not set. */
export type Values = { readonly [Name in SettingName]: Value<(typeof table)[Name]> };

/** The table's rows, in its order. */
export const rows = Object.entries(table) as readonly (readonly [SettingName, Setting])[];

function defaulting<T>(row: Setting<T> & { readonly default: string }) {
  return row;
}

function optional<T>(row: Setting<T>): Setting<T> {
  return row;
}

function optionalSecret(row: Omit<Setting<Secret>, 'kind'>): Setting<Secret> {
  return { ...row, kind: secret, secret: true, guards: true };
}
