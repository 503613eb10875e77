/** One program that is measured: how it is started before a certain upstream. */
import type { ChildProcess } from 'node:child_process';

export interface Contender {
  readonly name: string;
  /** `native`: no Node. `other`: a Node proxy that is not ours. */
  readonly kind: 'ours' | 'floor' | 'other' | 'native';
  readonly version: string;
  /** Why it cannot run on this machine. */
  readonly missing?: string;
  command(place: Place): Command;
}

/** Where it runs, and before what. */
export interface Place {
  /** Its own, for what it needs to write. */
  readonly directory: string;
  readonly port: number;
  /** For /metrics and the like, where it has such. */
  readonly adminPort: number;
  /** `127.0.0.1:1234`, spoken to by TLS. */
  readonly upstream: string;
  /** The private CA that signed the upstream's certificate. */
  readonly caFile: string;
  /** What has to be put into the query of each request. */
  readonly token: string;
  /** JSON as ours reads it; others have one token. */
  readonly accountsFile?: string;
}

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

export interface Running {
  readonly contender: Contender;
  readonly place: Place;
  readonly pid: number;
  readonly child: ChildProcess;
}

/** To the upstream, the same for all. */
export const CONNECTION_LIMIT = 256;
