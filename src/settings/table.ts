/**
 * The single source for parsing, `--help` and the README. A row's name is that of its flag (`--name`)
 * and of the config file's member; `names.ts` makes the variable's from it. A secret has no flag
 * itself, but a second form that names a file: `--name-file`, member `name-file`, `…_FILE`.
 */
import { TOKEN_APIS } from '../wechat/token-endpoints.ts';
import { duration } from './kinds/duration.ts';
import { hosts, pathPatterns } from './kinds/lists.ts';
import { listenAddress } from './kinds/listen-address.ts';
import { origin } from './kinds/origin.ts';
import { appid, boolean, filePath, integer, oneOf } from './kinds/scalars.ts';
import { size } from './kinds/size.ts';
import { tokenStore } from './kinds/token-store.ts';
import { defaulting, guard, optional, secret, type Setting } from './setting.ts';

export const table = {
  appid: optional(appid, 'the account'),
  appsecret: secret('its AppSecret'),
  'accounts-file': optional(
    filePath,
    'many accounts: JSON `[{"appid","appsecret"|"appsecretFile","tokenApi"?,"default"?}]`, re-read when it changes',
  ),
  upstream: defaulting(
    origin,
    'https://api.weixin.qq.com',
    'where requests go; plain http only to loopback; a private CA through `NODE_EXTRA_CA_CERTS`',
  ),
  'upstream-insecure': defaulting(
    boolean,
    'false',
    'allow a plain-http upstream or peer that is not loopback',
  ),
  config: optional(filePath, 'a JSON file with any of these settings, named as their flags are'),
  'max-accounts': defaulting(integer(1, 1_000_000), '10000', 'active accounts held at a time'),
  listen: defaulting(
    listenAddress,
    '127.0.0.1:8080',
    'where the app connects: `host:port`, `:port` for every interface, or `unix:/path`',
  ),
  'admin-listen': defaulting(
    listenAddress,
    '127.0.0.1:9464',
    '`/metrics`, `/healthz`, `/readyz` and the status page; never proxies, shows no secret',
  ),
  'token-api': defaulting(
    oneOf(...TOKEN_APIS),
    'stable_token',
    'which of WeChat’s calls issues tokens; with `token`, each call retires the previous one',
  ),
  'token-store': defaulting(
    tokenStore,
    'memory',
    'where tokens are remembered: `memory`, `file:/path`, `redis://…` or `rediss://…`',
  ),
  'token-peer': optional(
    origin,
    'get tokens from this other instance; then no AppSecret is needed here',
  ),
  'token-peer-key': secret('the client key of the peer'),
  'token-endpoints': defaulting(
    oneOf('placeholder', 'issue', 'refuse'),
    'placeholder',
    'apps that ask for a token get a stand-in, the real one (needs a client key), or a refusal',
  ),
  'client-key': secret(
    'callers must show it; required for `issue`, and to listen beyond loopback or a unix socket',
  ),
  'refresh-window': defaulting(
    duration(0),
    '300s',
    'how long before its expiry a token is renewed, at most half of its life',
  ),
  'replay-body-limit': defaulting(
    size(2 ** 31, '2GiB'),
    '12MiB',
    'a larger request body is streamed and cannot be replayed',
  ),
  'replay-memory-limit': defaulting(
    size(2 ** 40, '1024GiB'),
    '64MiB',
    'all held request bodies together; above it, bodies are streamed',
  ),
  'connect-timeout': defaulting(duration(1), '5s', 'to connect to the upstream'),
  'response-timeout': defaulting(
    duration(1),
    '30s',
    'to the first byte of the response, after the request was sent',
  ),
  'idle-timeout': defaulting(duration(1), '60s', 'the longest silence between two bytes'),
  'token-timeout': defaulting(duration(1), '10s', 'for one token call'),
  'max-connections': defaulting(integer(1, 65_535), '256', 'to the upstream'),
  'allow-paths': guard(
    pathPatterns,
    'all',
    'paths that may be called, comma-separated; `*` within a segment, `**` across',
  ),
  'deny-paths': guard(pathPatterns, 'none', 'paths that may not, even if allowed'),
  'allow-hosts': guard(
    hosts,
    'loopback names and the listen host',
    '`Host` headers accepted besides these, comma-separated',
  ),
  'drain-delay': defaulting(
    duration(0),
    '0s',
    'after SIGTERM, how long to serve on while already not ready',
  ),
  'drain-timeout': defaulting(
    duration(0),
    '25s',
    'after that, how long requests in flight may take to end',
  ),
  'log-level': defaulting(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'the least that is logged',
  ),
  'log-format': defaulting(oneOf('json', 'pretty'), 'json', 'for programs or for people'),
} satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof table;

type Value<Row> =
  Row extends Setting<infer T> ? (Row extends { default: string } ? T : T | undefined) : never;

/** What each row's text is parsed into; `undefined` where a row without default is not set. */
export type Values = { readonly [Name in SettingName]: Value<(typeof table)[Name]> };

/** The table's rows, in its order. */
export const rows = Object.entries(table) as readonly (readonly [SettingName, Setting])[];
