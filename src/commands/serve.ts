import { createApp, type App } from '../app.ts';
import { environment } from '../settings/environment.ts';
import { loadSettings } from '../settings/load.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { standardOutput } from '../telemetry/standard-output.ts';
import { stopped, type CommandContext } from './command.ts';
import { startFault } from './start-fault.ts';
import { tuneEngine } from './engine.ts';

/** Runs the proxy until it is asked to end. */
export async function serve(argv: readonly string[], context: CommandContext): Promise<number> {
  tuneEngine();
  let logger: Logger | undefined;
  const settings = loadSettings({
    argv,
    env: environment(),
    onSecretFault: (message) => logger?.warn(message),
  });
  const { logLevel: level, logFormat: format } = settings;
  const output = await standardOutput(format);
  logger = await createLogger({ level, format, destination: output.stream });
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
  await output.close();
  return 0;
}
