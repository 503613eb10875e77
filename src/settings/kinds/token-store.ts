import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { Secret } from '../../telemetry/secret.ts';
import type { Kind } from './kind.ts';

/** Where tokens are remembered. The Redis URL may hold a password. */
export type TokenStoreSetting =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: Secret };

const RIGHT = 'should be memory, file:/path, redis://… or rediss://…';

export const tokenStore: Kind<TokenStoreSetting> = {
  label: '<store>',
  show: blankCredentials,
  holdsSecret: (text) => (URL.parse(text)?.password ?? '') !== '',
  schema: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): TokenStoreSetting => {
      const result = parse(dataset.value);
      if (typeof result !== 'string') return result;
      addIssue({ message: result });
      return NEVER;
    }),
  ),
};

/** The store, or what would be right. */
function parse(text: string): TokenStoreSetting | string {
  if (text === 'memory') return { kind: 'memory' };
  if (text.startsWith('file:')) return parseFile(text.slice('file:'.length));
  if (/^rediss?:/.test(text)) return parseRedis(text);
  return RIGHT;
}

function parseFile(text: string): TokenStoreSetting | string {
  const path = text.startsWith('///') ? text.slice(2) : text;
  if (isAbsolute(path) && !path.startsWith('//') && !path.endsWith('/')) {
    return { kind: 'file', path };
  }
  return 'should name the file by its absolute path, such as file:/var/lib/wxproxy/tokens.json';
}

function parseRedis(text: string): TokenStoreSetting | string {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.port === '0') {
    return 'should be a URL such as redis://user:password@host:6379/0';
  }
  if (!/^(?:\/\d*)?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    return 'should have nothing after the host and port but the number of a database, such as /0';
  }
  if (!isPercentEncoded(url.username) || !isPercentEncoded(url.password)) {
    return 'should have its user and password percent-encoded: % is written %25';
  }
  return { kind: 'redis', url: Secret.of(text) };
}

/** The client decodes it, as UTF-8: `50%abc` looks encoded, and is not. */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Of what is no valid URL nothing but the scheme is safe: a password may stand anywhere in it. */
function blankCredentials(text: string): string {
  if (text.startsWith('file:') || !/[:@]/.test(text)) return text;
  const scheme = /^[a-z]+(?=:)/.exec(text)?.[0] ?? '';
  const url = typeof parse(text) === 'string' ? null : URL.parse(text);
  return `${scheme}://${url === null ? '[not shown]' : authority(url) + url.pathname}`;
}

function authority(url: URL): string {
  return url.username === '' && url.password === '' ? url.host : `[secret]@${url.host}`;
}
