/** Shown in the message; all of them are in `faults`. */
const MAX_SHOWN = 50;

export interface SettingsFault {
  /** The setting as its user wrote it: a variable, a flag, a key of a file. */
  readonly setting: string;
  /** What came, unless it may be a secret, and what would be right. */
  readonly message: string;
}

/** Everything that is wrong with the settings, gathered; no fault holds a secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly faults: readonly SettingsFault[];

  constructor(faults: readonly SettingsFault[]) {
    const lines = faults.slice(0, MAX_SHOWN).map((fault) => `  ${fault.setting}: ${fault.message}`);
    const more = faults.length - lines.length;
    if (more > 0) lines.push(`  and ${more} more`);
    const count = faults.length === 1 ? 'One setting is' : `${faults.length} settings are`;
    super([`${count} wrong:`, ...lines].join('\n'));
    this.faults = faults;
  }
}
