import type { UpstreamRequest } from './lane.ts';

/**
 * The head of a request as it leaves (RFC 9112 sections 3 and 5), one character per byte. It is not looked at
 * again: what the app sent was let in by Node's parser, which refuses CR, LF and NUL anywhere in a line, and
 * what is put in is encoded where it is put in.
 * @param host what `Host` says
 * @param keeps whether the connection is kept for other requests
 */
export function headText(request: UpstreamRequest, host: string, keeps: boolean): string {
  const { method, path, headers } = request;
  const persistence = keeps ? 'keep-alive' : 'close';
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${persistence}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Head and body, to leave in one write. */
export function joined(head: string, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 'latin1');
  bytes.set(body, head.length);
  return bytes;
}
