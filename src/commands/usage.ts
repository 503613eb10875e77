import { settingsUsage } from '../settings/usage.ts';
import { COMMANDS } from './commands.ts';

/** The text of `--help`, at most 100 columns wide. */
export function usageText(): string {
  const lines = [
    ...[...COMMANDS].map(([name, { about }]) => [name, about] as const),
    ['--version', 'print the version'] as const,
    ['--help', 'print this'] as const,
  ];
  return [
    'Usage: wechat-token-proxy [command] [--setting value …]',
    '',
    'Point an app’s WeChat base URL at this proxy: it needs no access_token any more.',
    '',
    'Commands',
    ...lines.map(([name, about]) => `  ${name.padEnd(14)}${about}`),
    '',
    settingsUsage(),
  ].join('\n');
}
