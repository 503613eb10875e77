/**
 * http-proxy 1.18, which has not been maintained since 2020. This file is its only user and fences
 * what it does wrong; each fence says what for.
 */
import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import util from 'node:util';
import type Server from 'http-proxy';
import { bareHostname, MAX_ANSWER_HEAD_BYTES, type UpstreamRequest } from './lane.ts';

const httpProxy = await loadHttpProxy();

/** Opens requests to one upstream. What is sent and what comes back is the caller's. */
export class FencedProxy {
  readonly #proxy = createProxy();
  readonly #upstream: URL;

  constructor(upstream: URL) {
    this.#upstream = upstream;
  }

  /**
   * @param opened gets the request before it has a connection: its head is set, its body is not sent
   * @param failed may be called more than once
   */
  open(
    request: UpstreamRequest,
    res: ServerResponse,
    agent: Agent,
    opened: (upstream: ClientRequest) => void,
    failed: (error: Error) => void,
  ): void {
    this.#proxy.web(
      facade(request),
      res,
      {
        target: targetOf(this.#upstream),
        agent,
        toProxy: true, // else it rewrites the query
        ssl: outgoing(request, this.#upstream.host),
        // It pipes the body into its request, whatever "it" is: here nothing is, and the request is ours.
        buffer: { pipe: opened } as never,
      },
      failed,
    );
  }
}

/** http-proxy without its request-smuggling pass. */
function createProxy(): Server {
  const proxy = httpProxy.createProxyServer({ selfHandleResponse: true });
  // `deleteLength` turns a chunked DELETE into one of length 0: on a kept-alive connection its
  // body is then read as a second request. The others write to a request that is not theirs.
  for (const pass of ['deleteLength', 'timeout', 'XHeaders']) removePass(proxy, pass);
  return proxy;
}

/** http-proxy without its deprecation warning (DEP0060): it takes hold of the function as it is loaded. */
async function loadHttpProxy(): Promise<typeof Server> {
  const legacy = util as unknown as { _extend: unknown };
  const deprecated = legacy._extend;
  legacy._extend = Object.assign;
  try {
    return (await import('http-proxy')).default;
  } finally {
    legacy._extend = deprecated;
  }
}

function removePass(proxy: Server, name: string): void {
  const passes = (proxy as unknown as { webPasses: { name: string }[] }).webPasses;
  const at = passes.findIndex((pass) => pass.name === name);
  if (at === -1)
    throw new Error(`http-proxy has no pass "${name}" any more: look at this fence again`);
  passes.splice(at, 1);
}

/** What http-proxy looks at of the request: nothing of the app's, so that nothing of it gets through. */
function facade(request: UpstreamRequest): IncomingMessage {
  const stand = {
    method: request.method,
    url: request.path,
    headers: {},
    socket: { destroyed: false },
    on: () => stand,
  };
  return stand as unknown as IncomingMessage;
}

function targetOf(upstream: URL): Record<string, string> {
  const hostname = bareHostname(upstream);
  return { protocol: upstream.protocol, host: hostname, hostname, port: upstream.port };
}

/**
 * The options of the outgoing request, which http-proxy fills in. Path and header fields are ours
 * and stay: it would fold doubled slashes in the path, and lose the fields' order, casing and
 * repetition. Node takes a list of fields as it is.
 */
function outgoing({ path, headers }: UpstreamRequest, host: string): object {
  const fixed = (value: unknown): PropertyDescriptor => ({
    enumerable: true,
    get: () => value,
    set() {},
  });
  return Object.defineProperties(
    { maxHeaderSize: MAX_ANSWER_HEAD_BYTES },
    { headers: fixed(['host', host, ...headers]), path: fixed(path) },
  );
}
