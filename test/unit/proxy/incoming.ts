import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** Node's own way of handing a parsed head to a request; its types leave it out. */
interface Fillable {
  _addHeaderLines(rawHeaders: readonly string[], length: number): void;
}

/** A request whose head has been read: `headers` are merged from these lines by Node's own rules. */
export function incoming(method: string, ...lines: readonly string[]): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  req.method = method;
  const raw = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  (req as unknown as Fillable)._addHeaderLines(raw, raw.length);
  return req;
}
