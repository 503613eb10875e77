import type { Answer } from './answers.ts';
import type { Fault } from './faults.ts';

const NOTHING = Buffer.alloc(0);
const PAGE = Buffer.from(
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>' +
    '<body><center><h1>502 Bad Gateway</h1></center></body></html>\n',
);

/** The answer a fault gives in place of the real one; nothing when the real one is only mistreated. */
export function answerOf(fault: Fault): Answer | undefined {
  switch (fault.kind) {
    case 'server-error':
      return { status: 500, headers: {}, body: NOTHING };
    case 'html':
      return { status: 200, headers: { 'Content-Type': 'text/html' }, body: PAGE };
    case 'empty':
      return { status: 200, headers: {}, body: NOTHING };
    case 'answer':
      return { status: fault.status ?? 200, headers: fault.headers ?? {}, body: bodyOf(fault) };
    default:
      return undefined;
  }
}

function bodyOf({ body = '', bodyBase64 }: Fault): Buffer {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, 'base64');
  return typeof body === 'string' ? Buffer.from(body) : body;
}
