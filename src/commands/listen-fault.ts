const KINDS: Readonly<Record<string, ListenFault>> = {
  EADDRINUSE: 'taken',
  EADDRNOTAVAIL: 'elsewhere',
  ENOTFOUND: 'elsewhere',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
};

/**
 * `taken`: somebody listens there. `elsewhere`: it is no address of this machine. `forbidden`: this user
 * may not listen there.
 */
export type ListenFault = 'taken' | 'elsewhere' | 'forbidden';

/** Why listening failed, where whoever started the program can mend it; else undefined. */
export function listenFaultOf({ code = '' }: NodeJS.ErrnoException): ListenFault | undefined {
  return KINDS[code];
}
