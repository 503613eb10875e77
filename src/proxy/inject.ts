/**
 * Puts values into a raw query: what is not replaced keeps its bytes, its place and its encoding.
 */

/** What needs no encoding (RFC 3986 section 2.3), as WeChat's tokens: to see that costs half of doing it. */
const UNRESERVED = /^[\w.~-]*$/;

/**
 * The query with every parameter of this name removed, and this one appended.
 * @param query raw, without `?`; undefined and empty are the same here
 * @param value is encoded here
 * @returns raw, without `?`
 */
export function withParameter(query: string | undefined, name: string, value: string): string {
  const kept = withoutParameters(query ?? '', [name]);
  const added = `${name}=${UNRESERVED.test(value) ? value : encodeURIComponent(value)}`;
  return kept === '' ? added : `${kept}&${added}`;
}

/** The query without any parameter of these names, however its name is percent-encoded. */
export function withoutParameters(query: string, names: readonly string[]): string {
  if (isWithout(query, names)) return query;
  return query
    .split('&')
    .filter((pair) => !names.includes(parameterName(pair)))
    .join('&');
}

/** Nearly all queries hold none of the names, not even in disguise. */
function isWithout(query: string, names: readonly string[]): boolean {
  return !query.includes('%') && !names.some((name) => query.includes(name));
}

/** The raw values of a parameter, in order. */
export function parameterValues(query: string | undefined, name: string): string[] {
  if (query === undefined || isWithout(query, [name])) return [];
  return query
    .split('&')
    .filter((pair) => parameterName(pair) === name)
    .map((pair) => pair.slice(pair.indexOf('=') + 1 || pair.length));
}

/** The decoded value of the first parameter of this name. */
export function parameter(query: string | undefined, name: string): string | undefined {
  const [raw] = parameterValues(query, name);
  return raw === undefined ? undefined : decoded(raw);
}

function parameterName(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals === -1 ? pair : pair.slice(0, equals);
  return name.includes('%') || name.includes('+') ? decoded(name) : name;
}

/** Percent-encoding and plus signs undone; what is no encoding stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // not percent-encoding: then it is meant literally
  }
}
