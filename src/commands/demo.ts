/** A demonstration that checks itself: simulator and proxy in this process, and calls over HTTP. */
import { environment } from '../settings/environment.ts';
import { describeError } from '../telemetry/redact.ts';
import { stopped, type CommandContext } from './command.ts';
import { Narrator } from './demo/narrator.ts';
import { Scene, type Step } from './demo/scene.ts';
import { setStage, type Stage } from './demo/stage.ts';
import { firstCall } from './demo/steps/first-call.ts';
import { metrics } from './demo/steps/metrics.ts';
import { renewal } from './demo/steps/renewal.ts';
import { rotation } from './demo/steps/rotation.ts';
import { sdk } from './demo/steps/sdk.ts';
import { storm } from './demo/steps/storm.ts';
import { wrongCall } from './demo/steps/wrong-call.ts';

const STEPS: readonly Step[] = [firstCall, rotation, renewal, storm, sdk, wrongCall, metrics];

const USAGE = `Usage: wechat-token-proxy demo [--keep]

Starts a simulated WeChat and the proxy before it, makes HTTP calls through it and says what
happened. Needs no account, no settings and no network; takes a few seconds. Exit code 0 if
everything was as it said, else 1.

  --keep   leave both running afterwards, to try for yourself; Ctrl-C ends them
  --help   this text
`;

/** @returns 0 if every statement held, 1 if one did not, 2 for a flag it does not have */
export async function demo(argv: readonly string[], context: CommandContext): Promise<number> {
  const { out, err, stop } = context;
  if (argv.includes('--help') || argv.includes('-h')) {
    out(USAGE);
    return 0;
  }
  const unknown = argv.filter((flag) => flag !== '--keep');
  if (unknown.length > 0) {
    for (const flag of unknown) err(`${flag}: no such flag; see wechat-token-proxy demo --help\n`);
    return 2;
  }
  const stage = await setStage();
  const tell = new Narrator(out, hasColours());
  const scene = new Scene(stage, tell);
  out(introduction(stage));
  for (const step of STEPS) {
    if (!stop.aborted) await play(step, scene);
  }
  out(`\n${conclusion(scene, stop.aborted)}\n`);
  const exitCode = tell.failed.length > 0 || stop.aborted ? 1 : 0;
  if (argv.includes('--keep') && !stop.aborted) {
    out(invitation(stage));
    await stopped(stop);
  }
  await stage.stop();
  return exitCode;
}

async function play(step: Step, scene: Scene): Promise<void> {
  try {
    await step(scene);
  } catch (error) {
    const { message, cause } = describeError(error);
    scene.tell.brokeOff(cause === undefined ? message : `${message}: ${cause.message}`);
    scene.stage.simulator.release();
  }
  scene.endStep();
}

function hasColours(): boolean {
  const { NO_COLOR = '', TERM = '' } = environment();
  return process.stdout.isTTY && NO_COLOR === '' && TERM !== 'dumb';
}

function introduction({ data, simulator }: Stage): string {
  return `A simulated WeChat and the proxy before it, on this machine alone:

   app ──▶ proxy ${data} ──▶ WeChat ${simulator.url}
`;
}

function conclusion({ calls, tell, stage }: Scene, interrupted: boolean): string {
  if (interrupted) return 'Stopped before the end.';
  const { failed, statements } = tell;
  if (failed.length > 0) {
    return [`Of ${statements} statements these did not hold:`, ...failed]
      .map((line, index) => (index === 0 ? line : `   ${line}`))
      .join('\n');
  }
  const { tokenCalls } = stage.simulator.counts;
  return `${calls.toLocaleString('en-US')} calls of the app, ${tokenCalls} token calls. All ${statements} statements held.`;
}

function invitation({ data, admin, simulator }: Stage): string {
  return `
Both are still running; Ctrl-C ends them.

   the proxy, for your app   ${data}
   metrics and status        ${admin}

   Call WeChat through it:   curl '${data}/cgi-bin/getcallbackip'
   Take its token away:      curl -X POST '${simulator.url}/__simulator/rotate'
   Watch it:                 curl '${admin}/metrics'
`;
}
