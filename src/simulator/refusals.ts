import { checkPattern, matchesPath, timesOf, type Times } from './scope.ts';

/** Calls to be refused by script, whatever the rules say. */
export interface Refusal {
  readonly errcode?: number;
  /** Default 1. */
  readonly count?: Times;
  /** Only calls of this path; a final `*` is a wildcard. Default: every path. */
  readonly path?: string;
}

export interface PendingRefusal {
  readonly errcode: number;
  readonly path?: string;
  readonly left: Times;
}

interface Pending {
  readonly errcode: number;
  readonly path: string | undefined;
  left: number;
}

/** Scripted refusals in the order they were asked for. */
export class Refusals {
  readonly #defaultErrcode: number;
  #pending: Pending[] = [];

  constructor(defaultErrcode: number) {
    this.#defaultErrcode = defaultErrcode;
  }

  /** @throws {RangeError} when a field is out of range */
  add(refusal: Refusal): void {
    const { errcode = this.#defaultErrcode, path } = refusal;
    if (!Number.isInteger(errcode) || errcode === 0) {
      throw new RangeError('errcode: a whole number other than 0');
    }
    checkPattern(path);
    this.#pending.push({ errcode, path, left: timesOf(refusal.count) });
  }

  /** The errcode this call is to be refused with, used up by asking. */
  take(path: string): number | undefined {
    if (this.#pending.length === 0) return undefined;
    const found = this.#pending.find((refusal) => matchesPath(refusal.path, path));
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#pending = this.#pending.filter((refusal) => refusal !== found);
    return found.errcode;
  }

  list(): readonly PendingRefusal[] {
    return this.#pending.map(({ errcode, path, left }) => ({
      errcode,
      ...(path !== undefined && { path }),
      left: left === Infinity ? 'forever' : left,
    }));
  }

  clear(): void {
    this.#pending = [];
  }
}
