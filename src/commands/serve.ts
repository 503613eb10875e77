import { createApp } from '../app.ts';
import { environment } from '../settings/environment.ts';
import { loadSettings } from '../settings/load.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { redactText } from '../telemetry/redact.ts';
import { stopped, type CommandContext } from './command.ts';

/** Runs the proxy until it is asked to end. */
export async function serve(argv: readonly string[], context: CommandContext): Promise<number> {
  let logger: Logger | undefined;
  const settings = loadSettings({
    argv,
    env: environment(),
    onSecretFault: (message) => logger?.warn(message),
  });
  logger = await createLogger({ level: settings.logLevel, format: settings.logFormat });
  const app = await createApp(settings, { logger });
  try {
    await app.start();
  } catch (error) {
    context.err(`cannot start: ${redactText((error as Error).message)}\n`);
    return 1;
  }
  await stopped(context.stop);
  await app.stop();
  return 0;
}
