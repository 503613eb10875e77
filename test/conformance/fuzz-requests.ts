/** Valid requests, in parts that mutations can get hold of. */
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import type { Random } from './fuzz-random.ts';

export interface Draft {
  /** Method, blank, target, blank, version. */
  line: string[];
  /** Whole field lines, without their ends. */
  fields: string[];
  /** As it is sent, framing included. */
  body: string;
  /** Of every line of the head. */
  eol: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'PROPFIND'] as const;
const PATHS = [
  '/cgi-bin/message',
  '/wxa/getwxacode',
  '/sns/oauth2/refresh_token',
  '/sns/userinfo',
  '/sns/jscode2session',
  '/cgi-bin/component/api',
  `/${DEMO_ACCOUNT.appid}/cgi-bin/menu`,
] as const;
const QUERIES = [
  '',
  '',
  '?a=b',
  '?access_token=theirs&a=b',
  '?a=b&%61ccess_token=theirs&c',
  '?access_token=1&access_token=2',
  '?a=%20%0d%0a&b=+',
  '?a=b?c=/../',
  '?url=http://evil.example/',
  '?component_access_token=theirs',
  '?',
] as const;
const FIELDS = [
  'Accept: */*',
  'User-Agent: fuzz/1.0',
  'Content-Type: application/json',
  'X-Empty:',
  'X-Latin: \xe4\xf6\xfc',
  'X-Tabs:\ta\tb\t',
  'Cookie: a=b; c=d',
  'Cookie: e=f',
  'Connection: keep-alive',
  'Connection: x-empty, te',
  'Connection: close',
  'TE: trailers',
  'Via: 1.1 other',
  'Accept-Encoding: gzip, br',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Range: bytes=0-1',
] as const;

/** As Java's HttpClient makes it: in the first request of a connection, or behind an answer. */
export function offerUpgrade({ fields }: Draft): void {
  fields.push('Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAEA', 'Upgrade: h2c');
}

/** What must never come out of a body as a request of its own. */
export function smuggled(id: string): string {
  return `GET /cgi-bin/smuggled-${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** @param id goes into the target: no other request has it */
export function validRequest(random: Random, id: string): Draft {
  const method = random.pick(METHODS);
  const target = `${random.pick(PATHS)}/${id}`.replace(
    // These are calls of their own: the mark goes into the query.
    /(userinfo|refresh_token|jscode2session)\/(.*)/,
    '$1?id=$2',
  );
  const query = random.pick(QUERIES);
  const joined = target.includes('?') ? target + query.replace('?', '&') : target + query;
  const fields = ['Host: localhost'];
  for (let n = random.int(4); n > 0; n--) fields.push(random.pick(FIELDS));
  if (random.once(40)) for (let n = 0; n < 1200; n++) fields.push(`X-${n}: ${n}`);
  const content = bodyContent(random, id);
  const { field, body } = framed(random, method, content);
  if (field !== undefined) fields.splice(random.int(fields.length + 1), 0, field);
  const version = random.once(20) ? 'HTTP/1.0' : 'HTTP/1.1';
  if (version === 'HTTP/1.0' && field?.startsWith('Transfer') === true) {
    return { line: [method, ' ', joined, ' ', 'HTTP/1.1'], fields, body, eol: '\r\n' };
  }
  return { line: [method, ' ', joined, ' ', version], fields, body, eol: '\r\n' };
}

export function render({ line, fields, body, eol }: Draft): string {
  return `${[line.join(''), ...fields].join(eol)}${eol}${eol}${body}`;
}

function bodyContent(random: Random, id: string): string {
  switch (random.int(6)) {
    case 0:
      return '';
    case 1:
      return smuggled(id);
    case 2:
      return `0\r\n\r\n${smuggled(id)}`;
    case 3:
      return random.bytes(random.int(200));
    case 4:
      return `{"a":"${'x'.repeat(random.int(3000))}"}`;
    default:
      return '{"a":1}';
  }
}

function framed(
  random: Random,
  method: string,
  content: string,
): { field: string | undefined; body: string } {
  if ((method === 'GET' || method === 'HEAD') && random.int(3) > 0) {
    return { field: undefined, body: '' };
  }
  if (random.once(3)) {
    return { field: 'Transfer-Encoding: chunked', body: chunked(random, content) };
  }
  return { field: `Content-Length: ${content.length}`, body: content };
}

function chunked(random: Random, content: string): string {
  let body = '';
  for (let at = 0; at < content.length;) {
    const size = 1 + random.int(random.once(2) ? content.length : 20);
    const data = content.slice(at, at + size);
    at += data.length;
    body += `${chunkSize(random, data.length)}\r\n${data}\r\n`;
  }
  const trailers = random.once(8) ? 'X-Trailer: a\r\nX-Other: b\r\n' : '';
  return `${body}0\r\n${trailers}\r\n`;
}

function chunkSize(random: Random, size: number): string {
  const hex = size.toString(16);
  if (random.once(6)) return hex.toUpperCase();
  if (random.once(6)) return `000${hex}`;
  return random.once(6) ? `${hex};a=b;c="d"` : hex;
}
