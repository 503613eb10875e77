import { settingsMarkdown } from '../src/settings/usage.ts';

const BETWEEN = /(<!-- settings:[^>]*-->\n)[\s\S]*?(<!-- \/settings -->)/;

/** The README with its table of settings as the code has it. @throws when the marks are gone */
export function withSettings(readme: string): string {
  if (!BETWEEN.test(readme)) throw new Error('README.md has lost the marks around its settings');
  return readme.replace(BETWEEN, (_, open: string, close: string) => {
    return `${open}\n${settingsMarkdown().trim()}\n\n${close}`;
  });
}
