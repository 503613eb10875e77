import type { GenericSchema } from 'valibot';

/** How the text of a setting becomes its value, wherever the text came from. */
export interface Kind<T> {
  /** The value's stand-in in `--help`, such as `<duration>`. */
  readonly label: string;
  /** The words there are, where there are only a few: the README lists them. */
  readonly choices?: readonly string[];
  /** Its issues say what would be right ("should be …"), and never repeat the text. */
  readonly schema: GenericSchema<string, T>;
  /** For texts that may hold a password, valid or not: what of it may be shown. */
  readonly show?: (text: string) => string;
  /** Whether a valid text holds one: such a text must not come from a flag. */
  readonly holdsSecret?: (text: string) => boolean;
  /** A relative path, which in a config file is meant from that file's directory. */
  readonly isPath?: boolean;
}
