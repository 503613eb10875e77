/** Sends a case and collects what comes back. */
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FuzzCase } from './fuzz-case.ts';
import type { StrictReading } from './fuzz-strict-reader.ts';

export interface FuzzAnswer {
  readonly status: number;
  /** In lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Outcome {
  readonly answers: readonly FuzzAnswer[];
  /** What is left over behind the last whole answer. */
  readonly rest: string;
  /** Why the connection did not come to its end as it should; undefined if it did. */
  readonly fault: string | undefined;
}

const ANSWER_WITHIN_MS = 5000;
const END_WITHIN_MS = 5000;

/** @param port of the proxy, on 127.0.0.1 */
export async function sendCase(
  port: number,
  { segments, leaves }: FuzzCase,
  { requests }: StrictReading,
): Promise<Outcome> {
  const methods = requests.map(({ method }) => method);
  const due = requests.filter(({ complete }) => complete).length;
  const conversation = await open(port, methods);
  const { socket } = conversation;
  for (const segment of segments) {
    socket.write(segment, 'latin1');
    await nextTurn();
  }
  let fault: string | undefined;
  if (leaves !== 'resets at once') {
    const answered = await conversation.until(({ answers }) => answers >= due, ANSWER_WITHIN_MS);
    if (!answered) fault = `only ${conversation.answers.length} of ${due} requests are answered`;
  }
  if (leaves === 'ends' && !socket.destroyed) {
    socket.end();
    const ended = await conversation.until(() => false, END_WITHIN_MS);
    if (!ended) fault ??= 'the connection does not end';
    socket.destroy();
  } else socket.resetAndDestroy();
  return { answers: conversation.answers, rest: conversation.unread, fault };
}

class Conversation {
  readonly socket: Socket;
  readonly answers: FuzzAnswer[] = [];
  unread = '';
  readonly #methods: readonly string[];
  #ended = false;
  #wake = (): void => {};

  constructor(socket: Socket, methods: readonly string[]) {
    this.socket = socket;
    this.#methods = methods;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.unread += text;
      this.#read();
      this.#wake();
    });
    const ended = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', ended);
    socket.on('close', ended);
    socket.on('error', ended);
  }

  /** Resolves with true when the condition holds or the other side has ended the connection. */
  until(holds: (state: { answers: number }) => boolean, withinMs: number): Promise<boolean> {
    const done = (): boolean => this.#ended || holds({ answers: this.answers.length });
    if (done()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      this.#wake = () => {
        if (!done()) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #read(): void {
    for (;;) {
      const end = this.unread.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [line = '', ...lines] = this.unread.slice(0, end).split('\r\n');
      const fields = new Map(
        lines.map((field) => {
          const colon = field.indexOf(':');
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
        }),
      );
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? Number.NaN);
      const rest = this.unread.slice(end + 4);
      const length = this.#bodyLength(status, fields, rest);
      if (!(rest.length >= length)) return;
      this.unread = rest.slice(length);
      if (status === 100) continue;
      this.answers.push({ status, fields, body: rest.slice(0, length) });
    }
  }

  #bodyLength(status: number, fields: ReadonlyMap<string, string>, rest: string): number {
    if (status === 100) return 0;
    // What is refused before anybody knows its method has a body, and ends the connection.
    const bodiless = this.#methods[this.answers.length] === 'HEAD' && !rest.startsWith('{');
    return bodiless ? 0 : Number(fields.get('content-length') ?? Number.NaN);
  }
}

async function open(port: number, methods: readonly string[]): Promise<Conversation> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new Conversation(socket, methods);
}
