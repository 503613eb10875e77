import type { Command } from './command.ts';

/** A command as it is listed and found. */
interface CommandEntry {
  /** For `--help`. */
  readonly about: string;
  /** Takes no settings and describes its own flags. */
  readonly ownHelp?: boolean;
  /** Loads it when it is called: a sidecar does not carry the demo. */
  readonly load: () => Promise<Command>;
}

/** By the word that calls it, in the order of `--help`. */
export const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    'serve',
    {
      about: 'run the proxy (the default)',
      load: async () => (await import('./serve.ts')).serve,
    },
  ],
  [
    'demo',
    {
      about: 'watch it work, without an account: a simulated WeChat and the proxy before it',
      ownHelp: true,
      load: async () => (await import('./demo.ts')).demo,
    },
  ],
  [
    'simulate',
    {
      about: 'a WeChat on your desk, to develop and test against',
      ownHelp: true,
      load: async () => (await import('./simulate.ts')).simulate,
    },
  ],
  [
    'check-config',
    {
      about: 'print the effective settings, secrets blanked, and what is wrong with them',
      load: async () => (await import('./check-config.ts')).checkConfig,
    },
  ],
  [
    'healthcheck',
    {
      about: 'ask a running proxy whether it lives; with --ready, whether it has a token',
      load: async () => (await import('./healthcheck.ts')).healthcheck,
    },
  ],
]);
