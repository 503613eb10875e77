#!/usr/bin/env node
/**
 * argv → a command, and its exit code: 0 done, 1 failed, 2 used wrongly.
 *
 * Nothing is imported before the version of Node is known to be new enough: what cannot be read
 * there would fail with a riddle.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `wechat-token-proxy needs Node 22.19 or newer; this is ${process.version}\n`,
  );
  process.exit(2);
}

// Before anything is loaded: the system does not end the first process of a container for a signal
// that it does not listen to.
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(1); // asked twice: at once
    stop.abort();
  });
}

const { runCommand } = await import('./commands/run.ts');
const { describeError } = await import('./telemetry/redact.ts');

process.on('uncaughtException', (error) => {
  // Node's own report would print every property of the error, whatever it holds.
  process.stderr.write(`${JSON.stringify({ level: 'fatal', err: describeError(error) })}\n`);
  process.exit(1);
});

process.exit(
  await runCommand(process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stop: stop.signal,
  }),
);
