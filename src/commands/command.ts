/** What a command has to do with the world outside. */
export interface CommandContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborted when the process is asked to end (SIGTERM, SIGINT). */
  readonly stop: AbortSignal;
}

/** @returns the exit code */
export type Command = (argv: readonly string[], context: CommandContext) => Promise<number>;

/** Resolves when the process is asked to end. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
