/** The listener that apps call: Node's HTTP server, set up for being a proxy. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { announcesBody, framingFault } from './framing.ts';
import { closeIdle, progressOf } from './idle-connections.ts';
import { headWithoutOffer, isOffer } from './upgrade-offer.ts';

interface DataListenerOptions {
  readonly serve: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** A connection on which nothing has moved for the idle timeout. */
  readonly silent: (socket: Socket) => void;
  /** Answers what is no HTTP at all, or no request for a proxy: the raw answer, ready to be sent. */
  readonly refuse: (socket: Socket, status: 400 | 405 | 408 | 431, why: string) => void;
  /** Whether everything asked on a connection was answered. */
  readonly isIdle: (socket: Socket) => boolean;
  readonly idleTimeoutMs: number;
  /** What an idle connection is kept for at the least. */
  readonly keepAliveMs: number;
  /** More are closed at once, and `full` is told; no limit unless given. */
  readonly maxConnections?: number;
  readonly full?: () => void;
  /** For a request's head, from its first byte; 15 s unless given. */
  readonly headTimeoutMs?: number;
}

const HEAD_TIMEOUT_MS = 15_000;
/** Twice Node's default: a URL of 16 KiB and as much again in header fields. */
const MAX_HEAD_BYTES = 32 * 1024;

/**
 * Newer Nodes (26; 25 is taken for one) read the body of a request that offers an upgrade before they
 * hand it over: then it cannot be put back to be read again.
 */
const TAKES_BODIES = Number.parseInt(process.versions.node, 10) >= 25;

/** What a connection may still take after CONNECT or Upgrade: nobody watches over it any more. */
const DETACHED_MS = 2000;

export function createDataListener(options: DataListenerOptions): Server {
  const { headTimeoutMs = HEAD_TIMEOUT_MS } = options;
  /** Requests that Node serves in spite of their offer. */
  const served = new WeakSet<IncomingMessage>();
  const server = createServer({
    shouldUpgradeCallback(req) {
      const isServed = TAKES_BODIES && isOffer(req) && announcesBody(req);
      if (isServed) served.add(req);
      return !isServed;
    },
    keepAliveTimeout: 0, // `closeIdle` sees to it
    headersTimeout: headTimeoutMs,
    // A large upload may take as long as it makes progress; silence is bounded by `timeout`.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, headTimeoutMs),
    maxHeaderSize: MAX_HEAD_BYTES,
    // The guard answers this itself, in the shape that apps know.
    requireHostHeader: false,
    // Most have no body: they are at their end from the start, and emit nothing (newer Nodes only).
    optimizeEmptyRequests: true,
  });
  // Node hides every header after this many: a hidden Content-Length would lose or smuggle a body.
  server.maxHeadersCount = 0;
  server.timeout = options.idleTimeoutMs;
  server.maxConnections = options.maxConnections ?? Infinity;
  server.on('drop', () => options.full?.());
  server.on('timeout', (socket: Socket) => {
    // Setting a time-out again is what re-arms it: a quiet upstream is for its own time-outs to end.
    socket.setTimeout(options.idleTimeoutMs);
    const before = progressOf(socket);
    // This process may have stalled: what came meanwhile is read before it is missed.
    setImmediate(() => {
      if (progressOf(socket) === before) options.silent(socket);
    });
  });
  closeIdle(server, options.isIdle, options.keepAliveMs);
  const distrusted = new WeakSet<Socket>();
  const serve = (req: IncomingMessage, res: ServerResponse): void => {
    const { socket } = req;
    const fault = distrusted.has(socket) ? '' : framingFault(req);
    if (fault === undefined) {
      if (served.has(req)) {
        // Node drops what has already come behind it: the rest of that would be read as a request.
        res.shouldKeepAlive = false;
        distrusted.add(socket);
      }
      void options.serve(req, res);
      return;
    }
    // What is behind it may be part of its body: that is read, and neither served nor answered.
    req.resume();
    distrusted.add(socket);
    options.refuse(socket, 400, fault);
  };
  server.on('request', serve);
  // Without these, Node would invite a body (or refuse it) before the guard has looked.
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => {
    holdDetached(socket);
    options.refuse(
      socket as Socket,
      405,
      'CONNECT is not forwarded: send requests to the proxy, not through it',
    );
  });
  // Without this Node would serve the request, and drop what has already come behind it: the rest of
  // that would be read as a request.
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, behind: Buffer) => {
    const why = !isOffer(req)
      ? 'WeChat has no WebSockets: an Upgrade is not forwarded'
      : isAnswering(socket)
        ? 'an Upgrade is offered behind a request that is not answered yet'
        : undefined;
    if (why === undefined && !distrusted.has(socket as Socket)) {
      socket.unshift(Buffer.concat([headWithoutOffer(req), behind]));
      server.emit('connection', socket);
      return;
    }
    holdDetached(socket);
    options.refuse(socket as Socket, 400, why ?? '');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The app went away in the middle of its request.
    if (error.code === 'HPE_INVALID_EOF_STATE') {
      socket.destroy();
      return;
    }
    const [status, why] = explain(error, headTimeoutMs);
    options.refuse(socket as Socket, status, why);
  });
  return server;
}

/** Node has let go of the socket: an error would end the process, and no time-out is left. */
function holdDetached(socket: Duplex): void {
  socket.on('error', () => {});
  const timer = setTimeout(() => socket.destroy(), DETACHED_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
}

/** Whether an answer is still to leave. Only Node's own field says so of one that is ended, but queued. */
function isAnswering(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: unknown };
  return answer !== null && answer !== undefined;
}

function explain(
  { code }: NodeJS.ErrnoException,
  headTimeoutMs: number,
): [400 | 408 | 431, string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, `the request's head is larger than ${MAX_HEAD_BYTES} bytes`];
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return [408, `the request's head did not arrive within ${headTimeoutMs} ms`];
  }
  return [400, `this is not a well-formed HTTP/1.1 request (${code ?? 'unknown'})`];
}
