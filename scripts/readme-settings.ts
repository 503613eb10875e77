import { settingsMarkdown } from '../src/settings/usage.ts';
import { betweenMarks } from './marks.ts';

/** The README with its table of settings as the code has it. @throws when the marks are gone */
export function withSettings(readme: string): string {
  return betweenMarks(readme, 'settings', settingsMarkdown());
}
