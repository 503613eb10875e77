import { stopped, type CommandContext } from './command.ts';
import { SimulateUsageError, simulateUsage } from './simulate/flags.ts';
import { startFromFlags } from './simulate/start.ts';

/** Runs a WeChat on your desk until it is asked to end. */
export async function simulate(argv: readonly string[], context: CommandContext): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    context.out(`${simulateUsage}\n`);
    return 0;
  }
  try {
    const simulator = await startFromFlags(argv, (line) => context.out(`${line}\n`));
    await stopped(context.stop);
    await simulator.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof SimulateUsageError)) throw error;
    context.err(`${error.message}\n`);
    return 2;
  }
}
