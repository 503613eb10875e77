import type { IncomingMessage } from 'node:http';
import type { ReceivedBody } from './request-body.ts';

/** A request as the simulated API sees it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** The caller's address as WeChat would name it. */
  readonly ip: string;
  readonly body: ReceivedBody;
}

/** The path of a request's target as it was sent: not decoded. */
export function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

export function callOf(req: IncomingMessage, path: string, body: ReceivedBody): Call {
  return {
    method: req.method ?? '',
    path,
    query: new URLSearchParams((req.url ?? '').slice(path.length)),
    contentType: req.headers['content-type'] ?? '',
    ip: (req.socket.remoteAddress ?? '').replace('::ffff:', ''),
    body,
  };
}

/** The body as a JSON object, or nothing when it is none. */
export function jsonBodyOf(call: Call): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(call.body.kept.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A parameter of the query or, failing that, of a JSON or form body. */
export function parameterOf(call: Call, name: string): string | undefined {
  const inQuery = call.query.get(name);
  if (inQuery !== null) return inQuery;
  if (call.body.lengthBytes === 0) return undefined;
  if (call.contentType.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(call.body.kept.toString()).get(name) ?? undefined;
  }
  const inBody = jsonBodyOf(call)?.[name];
  return typeof inBody === 'string' ? inBody : undefined;
}
