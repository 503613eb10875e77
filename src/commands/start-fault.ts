import { variableOf } from '../settings/names.ts';
import type { Settings } from '../settings/settings.ts';
import { redactText } from '../telemetry/redact.ts';
import { listenFaultOf } from './listen-fault.ts';

/** What Node says of a failed `listen`. */
interface ListenError extends NodeJS.ErrnoException {
  /** Host, or path of the unix socket. */
  readonly address?: string;
  readonly port?: number;
}

type Listeners = Pick<Settings, 'listen' | 'adminListen'>;

/** Why the proxy could not start, and what to do: one line. */
export function startFault(error: ListenError, listeners: Listeners): string {
  const { address = '', port = -1 } = error;
  const place = port > 0 ? `${address.includes(':') ? `[${address}]` : address}:${port}` : address;
  const setting = settingOf(error, listeners);
  switch (listenFaultOf(error)) {
    case 'taken':
      return `${place} is in use, perhaps by another instance: stop that, or set ${setting} to another address`;
    case 'elsewhere':
      return `${place} is no address of this machine: set ${setting} to one that is`;
    case 'forbidden':
      return `listening on ${place} is not allowed: set ${setting} to a port above 1023, or to a socket in a folder that can be written to`;
    default:
      return redactText(error.message);
  }
}

function settingOf({ address, port }: ListenError, { adminListen }: Listeners): string {
  const isAdmin = 'path' in adminListen ? adminListen.path === address : adminListen.port === port;
  return variableOf(isAdmin ? 'admin-listen' : 'listen');
}
