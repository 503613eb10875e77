/** What attackers do to requests: each changes a draft, or the bytes, in one way. */
import { smuggled, type Draft } from './fuzz-requests.ts';
import type { Random } from './fuzz-random.ts';

type Mutation = (draft: Draft, random: Random, id: string) => void;

const LENGTHS = [
  '',
  '+5',
  '-5',
  '0x5',
  '5,5',
  '5, 6',
  '5 5',
  '5.0',
  '5e0',
  '"5"',
  '\xd9\xa1',
  '\x0b5',
];
const BIG_LENGTHS = ['18446744073709551616', '18446744073709551615', '9007199254740993', '00005'];
const CODINGS = [
  '',
  'identity',
  'xchunked',
  'chunked, chunked',
  'chunked, identity',
  'identity, chunked',
  'gzip, chunked',
  'chunked;q=1',
  '"chunked"',
  'chunked,',
  ',chunked',
  '\x0bchunked',
  'chunked\t',
  'CHUNKED',
  'chun\0ked',
  'chu nked',
  'chunked\xa0',
];
const EOLS = [
  '\n',
  '\r',
  '\n\r',
  '\r\r\n',
  '\r\n ',
  '\r\n\t',
  '\0\r\n',
  '\x0b\r\n',
  '\x85',
  '\r\n\r\n',
];
const TARGETS: readonly ((path: string) => string)[] = [
  (path) => `http://localhost${path}`,
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '\\'),
  (path) => path.replace('/', '/\\'),
  (path) => `${path}/../x`,
  (path) => path.replace('/', '/%2e%2e/'),
  (path) => path.replace('/', '/%252e%252e/'),
  (path) => path.replace('/', '//'),
  (path) => path.replace(/\/(?=\w+$)/, '%2f'),
  (path) => `${path}#fragment`,
  (path) => `${path} HTTP/1.1\r\nX-Injected: yes`,
  (path) => `${path}%0d%0aX-Injected:%20yes`,
  (path) => `${path};a=b`,
  (path) => `${path}\t`,
  (path) => `${path}\x7f`,
  (path) => `${path}\xe4`,
  (path) => `${path}\0`,
  (path) => `${path}?${'x'.repeat(17_000)}`,
  (path) => path.slice(1),
  () => '*',
  () => '',
  () => '/cgi-bin/token?grant_type=client_credential',
  () => '/cgi-bin%2fstable_token',
];
const EXTRAS = [
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Connection: upgrade',
  'Connection: content-length',
  'Connection: transfer-encoding, host',
  'Connection: close, content-length',
  'Expect: 200-maybe',
  'Origin: https://evil.example',
  'Sec-Fetch-Site: cross-site',
  'Host: evil.example',
  'Host: localhost',
  'X-Host : localhost',
  'Content_Length: 5',
  'Transfer_Encoding: chunked',
  'Content-Length\0: 5',
  'Content-Encoding: gzip',
  ' X-Folded: yes',
  ': no name',
  'no colon',
  'X-\xe4: name',
  `X-Long: ${'x'.repeat(33_000)}`,
  'x-wechat-appid: wxffffffffffffffff',
  'x-wechat-appid: __proto__',
  '__proto__: x',
  'Trailer: Content-Length',
  'X-HTTP-Method-Override: DELETE',
];
const CHUNK_SIZES = ['', '0x', '-', '+', ' ', '1g', 'FFFFFFFFFFFFFFFFF', ';', '\n', '0\r\n\r\n'];

const mutations: readonly Mutation[] = [
  (draft, random) => (draft.line[2] = random.pick(TARGETS)(draft.line[2] as string)),
  (draft, random) =>
    (draft.line[0] = random.pick([
      'get',
      'CONNECT',
      'TRACE',
      'PRI',
      'G ET',
      'GET\0',
      'SMUGGLE',
      '',
    ])),
  (draft, random) =>
    (draft.line[4] = random.pick([
      'HTTP/1.2',
      'HTTP/2.0',
      'HTTP/0.9',
      'http/1.1',
      'HTTP/1.0',
      '',
      'HTTP/1.1 ',
    ])),
  (draft, random) =>
    (draft.line[random.pick([1, 3])] = random.pick(['  ', '\t', '\r', '', '\x0b', '\xa0'])),
  (draft, random) => insert(draft, random, random.pick(EXTRAS)),
  (draft, random) => insert(draft, random, random.pick(EXTRAS)),
  (draft, random) => insert(draft, random, `Content-Length: ${random.int(60)}`),
  (draft, random) =>
    insert(draft, random, `Content-Length: ${random.pick([...LENGTHS, ...BIG_LENGTHS])}`),
  (draft, random) => insert(draft, random, `Transfer-Encoding: ${random.pick(CODINGS)}`),
  (draft, random) => insert(draft, random, 'Transfer-Encoding: chunked'),
  (draft, random) =>
    replaceFraming(draft, `Content-Length: ${random.pick([...LENGTHS, ...BIG_LENGTHS])}`),
  (draft, random) => replaceFraming(draft, `Transfer-Encoding: ${random.pick(CODINGS)}`),
  (draft) => replaceFraming(draft, undefined),
  (draft, random) => {
    const length = /\d+/.exec(draft.fields.find(isLength) ?? '');
    if (length !== null)
      replaceFraming(
        draft,
        `Content-Length: ${Math.max(Number(length[0]) + random.int(9) - 4, 0)}`,
      );
  },
  (draft, random) => {
    const at = random.int(draft.fields.length);
    const field = draft.fields[at] as string;
    draft.fields[at] = random.pick([
      field.replace(':', ' :'),
      field.replace(':', '\t:'),
      field.replace(':', ''),
      field.replace(': ', ':\r\n '),
      field.replace(': ', ':'),
      field.replace(':', ':\x0b'),
      field.toUpperCase(),
      `${field}\0`,
      `${field} \t`,
      `${field}\r\n folded`,
      `${field}\n`,
      `${field}\r`,
      `${field}\nContent-Length: 5`,
      `${field}\rTransfer-Encoding: chunked`,
    ]);
  },
  (draft, random) => draft.fields.splice(random.int(draft.fields.length), 1),
  (draft, random) => insert(draft, random, random.pick(draft.fields)),
  (draft, random) => (draft.eol = random.pick(EOLS)),
  (draft, random) => {
    // The size of a chunk, at the start or in the middle.
    draft.body = draft.body.replace(
      /^[0-9a-f]+(?=\r\n)|\n[0-9a-f]+(?=\r\n)/i,
      random.pick(CHUNK_SIZES),
    );
  },
  (draft, random) => (draft.body = draft.body.replace('\r\n', random.pick(EOLS))),
  (draft, random) => (draft.body = draft.body.replace(/\r\n$/, random.pick([...EOLS, '']))),
  (draft, random) => (draft.body = draft.body.slice(0, random.int(draft.body.length + 1))),
  (draft, _random, id) => (draft.body += smuggled(id)),
  (draft, _random, id) => (draft.body = `0\r\n\r\n${smuggled(id)}`),
];

export function mutate(draft: Draft, random: Random, id: string): void {
  if (draft.fields.length === 0) return;
  random.pick(mutations)(draft, random, id);
}

const INTERESTING = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '/',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '\r\n\r\n',
];

/** Changes a byte or a few, anywhere. */
export function mutateBytes(text: string, random: Random): string {
  const at = random.int(text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (random.int(6)) {
    case 0:
      return before + random.pick(INTERESTING) + after;
    case 1:
      return before + random.bytes(1) + after.slice(1);
    case 2:
      return before + after.slice(1 + random.int(4));
    case 3:
      return before + after.slice(0, random.int(40)) + after;
    case 4:
      return before + random.pick(INTERESTING) + after.slice(1);
    default:
      return before;
  }
}

function insert(draft: Draft, random: Random, field: string): void {
  draft.fields.splice(random.int(draft.fields.length + 1), 0, field);
}

function replaceFraming(draft: Draft, field: string | undefined): void {
  const at = draft.fields.findIndex((is) => isLength(is) || /^transfer-encoding:/i.test(is));
  if (at !== -1) draft.fields.splice(at, 1, ...(field === undefined ? [] : [field]));
}

function isLength(field: string): boolean {
  return /^content-length:/i.test(field);
}
