import { ProxyError } from '../errors.ts';
import { parameter } from './inject.ts';

/** What a call of a token endpoint or a code exchange says of itself, in its query or its body. */
export interface StatedCredentials {
  readonly appid: string | undefined;
  /** Whatever the app believes to be the AppSecret; may be the client key. */
  readonly secret: string | undefined;
  readonly forceRefresh: boolean;
  /** Whether the secret was in a JSON body. */
  readonly inBody: boolean;
}

/** UTF-8's byte order mark, which some platforms put before JSON. */
const BOM = /^\uFEFF/;
/** `name=value` pairs, as in a query (application/x-www-form-urlencoded). */
const FORM = /^[^\s{}[\]"=&]+=[^\s]*$/;

/** The body as a JSON object; undefined where it is none. */
export function jsonBody(body: Buffer | undefined): Record<string, unknown> | undefined {
  if (body === undefined || body.length === 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8').replace(BOM, ''));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // a form, or nothing that can be read: the caller says which
  }
}

/** The body as the pairs of a form, raw; undefined where it is none. */
export function formBody(body: Buffer | undefined): string | undefined {
  const text = body?.toString('latin1').trim();
  return text !== undefined && FORM.test(text) ? text : undefined;
}

/**
 * @throws {ProxyError} ERR_REQUEST_REFUSED for a body that cannot be read: it may name another
 *   account than the one that the call would get without it
 */
export function statedCredentials(
  query: string | undefined,
  body: Buffer | undefined,
): StatedCredentials {
  const json = jsonBody(body);
  const form = json === undefined ? formBody(body) : undefined;
  const isBlank = body === undefined || body.toString('latin1').trim() === '';
  if (json === undefined && form === undefined && !isBlank) {
    throw refused('its body is neither a JSON object nor a form');
  }
  const text = (name: string): string | undefined => {
    const value = json?.[name];
    if (typeof value === 'string') return value;
    if (value !== undefined && name === 'appid') throw refused('its appid is not a string');
    return parameter(form, name) ?? parameter(query, name);
  };
  return {
    appid: text('appid'),
    secret: text('secret') ?? text('appsecret'),
    forceRefresh: json?.['force_refresh'] === true || parameter(form, 'force_refresh') === 'true',
    inBody: typeof json?.['secret'] === 'string' || typeof json?.['appsecret'] === 'string',
  };
}

function refused(why: string): ProxyError {
  return new ProxyError(
    'ERR_REQUEST_REFUSED',
    `this call of a token endpoint or code exchange cannot be read: ${why}`,
  );
}
