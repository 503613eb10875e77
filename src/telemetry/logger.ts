import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { describeError, redactText } from './redact.ts';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Bytes kept for a reader of standard output that does not read; what comes after is dropped. */
const BACKLOG_BYTES = 1024 * 1024;

/**
 * The program's only logger. Every string that reaches it, the message included, is redacted, and
 * `err` is described by `describeError`.
 *
 * A reader that is blocked or gone must not take the proxy with it: output is asynchronous, bounded,
 * and its errors end here.
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => describeError(error) },
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      hooks: {
        logMethod(args, method) {
          method.apply(
            this,
            args.map((arg: unknown) =>
              typeof arg === 'string' ? redactText(arg) : arg,
            ) as typeof args,
          );
        },
      },
    },
    options.destination ?? (await standardOutput(options.format)),
  );
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const redacted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    redacted[key] = typeof value === 'string' ? redactText(value) : value;
  }
  return redacted;
}

async function standardOutput(format: LoggerOptions['format']): Promise<DestinationStream> {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: BACKLOG_BYTES });
  destination.on('error', () => {
    // There is nobody left to tell: standard output itself is what failed.
  });
  if (format === 'json') return destination;
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, ignore: 'pid,hostname', singleLine: true, sync: false });
}
