import { isIPv6 } from 'node:net';
import * as v from 'valibot';
import type { Kind } from './kind.ts';

/**
 * Where to listen. Port 0 takes a free one. An empty host means every interface, IPv6 too where
 * there is one, which is what `server.listen` makes of it.
 */
export type ListenAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

const RIGHT = 'should be host:port, :port, [ipv6]:port or unix:/path';
/** `sun_path` of Linux, less its final NUL; a longer name fails with a riddle. */
const MAX_SOCKET_PATH_BYTES = 107;

export const listenAddress: Kind<ListenAddress> = {
  label: '<address>',
  schema: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): ListenAddress => {
      const result = parse(dataset.value);
      if (typeof result !== 'string') return result;
      addIssue({ message: result });
      return NEVER;
    }),
  ),
};

/** Whether whoever listens on this host is reached on every address of the machine. */
export function isEveryInterface(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** The address, or what would be right. */
function parse(text: string): ListenAddress | string {
  if (text.startsWith('unix:')) return parseSocketPath(text.slice('unix:'.length));
  const [, bracketed, name, digits] = /^(?:\[([^\]]*)\]|([\w.-]*)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined) return RIGHT;
  const port = Number(digits);
  if (port > 65_535) return 'should have a port from 0 to 65535';
  if (bracketed !== undefined && !isIPv6(bracketed)) return `${RIGHT}; no IPv6 address in brackets`;
  return { host: bracketed ?? name ?? '', port };
}

function parseSocketPath(text: string): ListenAddress | string {
  const path = text.replace(/^\/+/, '/');
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    return 'should name the socket by its absolute path, such as unix:/run/wxproxy.sock';
  }
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    return `should have a socket path of at most ${MAX_SOCKET_PATH_BYTES} bytes`;
  }
  return { path };
}
