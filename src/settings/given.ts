import type { Form } from './names.ts';
import type { SettingSource } from './settings.ts';
import type { SettingsFault } from './settings-error.ts';

/** The text of a setting, where it came from, and what its user would call it. */
export interface Given {
  readonly form: Form;
  readonly text: string;
  readonly source: SettingSource;
  /** `--listen`, `WXPROXY_LISTEN`, `listen in /etc/wxproxy.json`. */
  readonly writtenAs: string;
  /** What relative paths are meant from; the working directory when absent. */
  readonly directory?: string;
}

/** What one source gives, and what is wrong with it. */
export interface GivenBySource {
  readonly given: readonly Given[];
  readonly faults: readonly SettingsFault[];
}
