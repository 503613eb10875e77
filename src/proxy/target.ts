import { ProxyError } from '../errors.ts';

/** A request target taken apart without decoding or re-ordering anything. */
interface Target {
  /** As it came, account prefix included. */
  readonly path: string;
  /** As it came, without `?`; undefined where there was no `?`. */
  readonly query: string | undefined;
}

/** Longer than any call of WeChat's; what is longer is answered 414. */
const MAX_TARGET_CHARS = 16 * 1024;

/**
 * Takes only origin-form (RFC 9112 section 3.2.1) that every server reads the same way.
 * @param url the request target as Node hands it out: one character per byte
 * @throws {ProxyError} ERR_REQUEST_REFUSED
 */
export function parseTarget(url: string): Target {
  if (url.length > MAX_TARGET_CHARS) {
    throw refused(`the URL is longer than ${MAX_TARGET_CHARS} characters`, 414);
  }
  if (url.charCodeAt(0) !== 0x2f /* / */) {
    throw refused('the request target must be a path: send requests to the proxy, not through it');
  }
  if (url.charCodeAt(1) === 0x2f) {
    throw refused('the path begins with "//": does your base URL end in a slash?');
  }
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  if (!PLAIN_PATH.test(path)) refuseAmbiguous(path);
  if (url.includes('#')) throw refused('a request target has no fragment: encode "#" as %23');
  return { path, query: mark === -1 ? undefined : url.slice(mark + 1) };
}

/** Paths that can be read in one way only; nearly all are. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9_-]+)+$/;

function refuseAmbiguous(path: string): void {
  const decoded = fullyDecoded(path);
  if (decoded.includes('\\')) throw refused('the path holds a backslash');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x1f\x7f]/.test(decoded)) throw refused('the path holds a control character');
  // Some servers take ".." with blanks or further dots behind it for the same.
  if (/(?:^|\/)\.[. ]*(?=$|[/;?#])/.test(decoded)) {
    throw refused('the path holds a dot segment ("." or "..")');
  }
}

/**
 * The path as the most generous server might read it: for comparing, never for sending.
 * Percent-encoding undone to the last layer, doubled slashes folded, `;parameters`, blanks, trailing
 * dots and trailing slashes cut, and all that follows an encoded `?` or `#`.
 */
export function canonicalPath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  const segments = fullyDecoded(path)
    .replace(/[?#].*$/s, '')
    .split('/')
    .map((segment) => trimmed(segment.replace(/;.*$/s, '')))
    .filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

/** Without blanks around it and dots behind it. A pattern that looks for the last ones takes n² steps. */
function trimmed(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end--;
  return segment.slice(0, end).trimStart();
}

/** Decodes percent-encoding until nothing changes; what is no encoding stays as it is. */
function fullyDecoded(path: string): string {
  let decoded = path;
  for (let layer = 0; layer < 8; layer++) {
    const next = decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === decoded) return decoded;
    decoded = next;
  }
  throw refused('the path is percent-encoded many times over');
}

function refused(why: string, status = 400): ProxyError {
  return new ProxyError('ERR_REQUEST_REFUSED', why, { status });
}
