/** A row of the table of settings, and the ways to write one. */
import type { Secret } from '../telemetry/secret.ts';
import type { Kind } from './kinds/kind.ts';
import { secret as secretKind } from './kinds/secret.ts';

export interface Setting<T = unknown> {
  readonly kind: Kind<T>;
  /** For `--help` and the README. */
  readonly help: string;
  /** As a user would write it. */
  readonly default?: string;
  /** What holds without a value, in words. */
  readonly unset?: string;
  /** Its text is never shown, and it has a second form that names a file. */
  readonly secret?: boolean;
  /** Decides who may do what: an empty variable is then a fault, and not the same as none. */
  readonly guards?: boolean;
}

export function defaulting<T>(
  kind: Kind<T>,
  standard: string,
  help: string,
): Setting<T> & { readonly default: string } {
  return { kind, default: standard, help };
}

export function optional<T>(kind: Kind<T>, help: string): Setting<T> {
  return { kind, help };
}

/** Says who may do what. */
export function guard<T>(kind: Kind<T>, unset: string, help: string): Setting<T> {
  return { kind, unset, help, guards: true };
}

export function secret(help: string): Setting<Secret> {
  return { kind: secretKind, help, secret: true, guards: true };
}
