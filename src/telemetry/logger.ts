import { pino, type BaseLogger, type DestinationStream } from 'pino';
import { redactFields, redactValue } from './redact.ts';

/** Without children: pino writes their fields as they are. */
export interface Logger extends Pick<
  BaseLogger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
> {
  isLevelEnabled(level: string): boolean;
}

export interface LoggerOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Bytes kept for a reader of standard output that does not read; what comes after is dropped. */
const BACKLOG_BYTES = 1024 * 1024;

/**
 * The program's only logger. Every string that reaches it, however deep, is redacted, the message
 * included, and errors are described by `describeError`.
 *
 * A reader that is blocked or gone must not take the proxy with it: output is asynchronous, bounded,
 * and its errors end here.
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
    options.destination ?? (await standardOutput(options.format)),
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

async function standardOutput(format: LoggerOptions['format']): Promise<DestinationStream> {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: BACKLOG_BYTES });
  let failing = false;
  destination.on('write', () => {
    failing = false;
  });
  destination.on('error', () => {
    failing = true; // there is nobody left to tell: standard output itself is what failed
  });
  // When the process ends, it would try for ever to write what a full disk does not take.
  const flushSync = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    if (!failing) flushSync();
  };
  if (format === 'json') return destination;
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, ignore: 'pid,hostname', singleLine: true, sync: false });
}
