import { createApp, type App } from '../app.ts';
import { boundYoungGeneration } from '../server/young-generation.ts';
import { environment } from '../settings/environment.ts';
import { loadSettings } from '../settings/load.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { stopped, type CommandContext } from './command.ts';
import { startFault } from './start-fault.ts';

/** Runs the proxy until it is asked to end. */
export async function serve(argv: readonly string[], context: CommandContext): Promise<number> {
  boundYoungGeneration();
  let logger: Logger | undefined;
  const settings = loadSettings({
    argv,
    env: environment(),
    onSecretFault: (message) => logger?.warn(message),
  });
  logger = await createLogger({ level: settings.logLevel, format: settings.logFormat });
  let app: App;
  try {
    app = await createApp(settings, { logger });
    await app.start();
  } catch (error) {
    context.err(`cannot start: ${startFault(error as Error, settings)}\n`);
    return 1;
  }
  await stopped(context.stop);
  await app.stop();
  return 0;
}
