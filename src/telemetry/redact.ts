/**
 * What may be printed, and what an accident may not.
 *
 * The first line of defence is that nobody logs a token: log calls name their fields one by one.
 * This is the second: text that came from elsewhere (an error's message, WeChat's own words) passes
 * through `redactText`, and errors are described by an allow-list of their properties.
 */

const SENSITIVE_PAIR =
  /((?:access_token|refresh_token|appsecret|secret|js_code|code|session_key|x-wxproxy-key|authorization)["']?\s*[=:]\s*["']?)[^\s"'&,}\]]+/gi;
/** WeChat's tokens look like `90_…` followed by over a hundred URL-safe characters. */
const TOKEN_SHAPE = /\b\d{1,3}_[A-Za-z0-9_-]{40,}/g;

/** The text with the value of everything that is or may be a credential replaced. */
export function redactText(text: string): string {
  return text.replace(SENSITIVE_PAIR, '$1[redacted]').replace(TOKEN_SHAPE, '[redacted]');
}

/** The names in a raw query, without their values. */
export function queryKeys(query: string): string[] {
  if (query === '') return [];
  return query.split('&').map((pair) => redactText((pair.split('=', 1)[0] as string).slice(0, 64)));
}

export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly cause?: ErrorDescription;
}

/** An error as it may be logged: its class, message, code and what caused it, nothing else. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: redactText(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.cause !== undefined && depth < 3
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
