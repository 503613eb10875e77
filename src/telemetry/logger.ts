import { pino, type BaseLogger, type DestinationStream } from 'pino';
import { redactFields, redactValue } from './redact.ts';
import { standardOutput } from './standard-output.ts';

/** Without children: pino writes their fields as they are. */
export interface Logger extends Pick<
  BaseLogger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
> {
  isLevelEnabled(level: string): boolean;
}

interface LoggerOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/**
 * The program's only logger. Every string that reaches it, however deep, is redacted, the message
 * included, and errors are described by `describeError`.
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const logger: Logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactFields(fields),
      },
      // The fields come here redacted, errors described; pino's own way adds the stack.
      serializers: { err: (described: unknown) => described },
      hooks: {
        logMethod(args, method) {
          method.apply(this, redactedArguments(args) as typeof args);
        },
      },
    },
    options.destination ?? (await standardOutput(options.format)).stream,
  );
  return logger;
}

/** The arguments of a log call. The fields, where they come first, are redacted when they are formatted. */
function redactedArguments(args: readonly unknown[]): unknown[] {
  const [first, ...rest] = args;
  if (typeof first !== 'object' || first === null) return args.map((arg) => redactValue(arg));
  const fields = first instanceof Error ? { err: first } : (first as { err?: unknown });
  // Without a message pino takes the error's own, as it is.
  if (rest[0] === undefined && fields.err instanceof Error) rest[0] = fields.err.message;
  return [fields, ...rest.map((arg) => redactValue(arg))];
}
