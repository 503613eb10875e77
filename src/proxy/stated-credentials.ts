import { parameter } from './inject.ts';

/** What a call of a token endpoint or a code exchange says of itself, in its query or JSON body. */
export interface StatedCredentials {
  readonly appid: string | undefined;
  /** Whatever the app believes to be the AppSecret; may be the client key. */
  readonly secret: string | undefined;
  readonly forceRefresh: boolean;
  /** Whether the secret was in the JSON body. */
  readonly inBody: boolean;
}

/** The body as a JSON object; undefined where it is none. */
export function jsonBody(body: Buffer | undefined): Record<string, unknown> | undefined {
  if (body === undefined || body.length === 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // a form or nothing of ours: then the query is all there is
  }
}

export function statedCredentials(
  query: string | undefined,
  body: Buffer | undefined,
): StatedCredentials {
  const json = jsonBody(body);
  const text = (name: string): string | undefined => {
    const value = json?.[name];
    return typeof value === 'string' ? value : parameter(query, name);
  };
  return {
    appid: text('appid'),
    secret: text('secret') ?? text('appsecret'),
    forceRefresh: json?.['force_refresh'] === true,
    inBody: typeof json?.['secret'] === 'string' || typeof json?.['appsecret'] === 'string',
  };
}
