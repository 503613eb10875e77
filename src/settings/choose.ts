import type { Given, GivenBySource } from './given.ts';
import type { SettingsFault } from './settings-error.ts';
import type { SettingName } from './table.ts';

/** The settings that count, and the faults of all that were given. */
export interface Choice {
  readonly chosen: ReadonlyMap<SettingName, Given>;
  readonly faults: readonly SettingsFault[];
}

/**
 * Of every setting the one that counts: the sources come strongest first. A secret given by one
 * source both as itself and as a file is a fault; by two sources, the stronger counts.
 */
export function choose(sources: readonly GivenBySource[]): Choice {
  const chosen = new Map<SettingName, Given>();
  const faults = sources.flatMap((source) => source.faults);
  for (const given of sources.flatMap((source) => source.given)) {
    const other = chosen.get(given.form.setting);
    if (other === undefined) {
      chosen.set(given.form.setting, given);
    } else if (other.source === given.source) {
      const message = `is given together with ${other.writtenAs}: keep one of the two`;
      faults.push({ setting: given.writtenAs, message });
    }
  }
  return { chosen, faults };
}
