import type { IncomingMessage } from 'node:http';

/** What Java's HttpClient sends along with every request over plain http, and can do without. */
const OFFER: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** Whether all that a request would upgrade to is HTTP/2, which is an offer and may be ignored. */
export function isOffer({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').every((it) => it.trim().toLowerCase() === 'h2c');
}

/** The head of a request as it is without its offer, in bytes to be read again. */
export function headWithoutOffer(req: IncomingMessage): Buffer {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`];
  const { rawHeaders } = req;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (OFFER.has(name.toLowerCase())) continue;
    lines.push(`${name}: ${name.toLowerCase() === 'connection' ? withoutOptions(value) : value}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutOptions(connection: string): string {
  return connection
    .split(',')
    .filter((option) => !OFFER.has(option.trim().toLowerCase()))
    .join(',');
}
