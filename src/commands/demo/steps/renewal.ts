import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_RULES } from '../../../simulator/rules.ts';
import type { Answer, Scene } from '../scene.ts';

const PATH = '/cgi-bin/getcallbackip';
/** Long enough for some calls during its renewal, on a slow machine too. */
const SHORT_LIFE_MS = 4000;
const CALLS_MEANWHILE = 20;

export async function renewal(scene: Scene): Promise<void> {
  const { tell, stage } = scene;
  const { simulator } = stage;
  tell.step('A renewal');
  tell.say(
    'A token lives two hours. So that you need not wait, WeChat ends the current one and gives',
    'one that lives 4 seconds. It must be renewed in time, and WeChat lets that token call wait.',
  );
  simulator.set({ lifetimeMs: SHORT_LIFE_MS });
  simulator.revoke();
  const answers: Answer[] = [await scene.call(PATH)];
  simulator.set({ lifetimeMs: DEFAULT_RULES.lifetimeMs });
  const refusedBefore = scene.refused;
  const short = lastToken(scene);

  simulator.fault({ kind: 'hold', tokenCalls: true });
  const call = async (): Promise<void> => {
    answers.push(await scene.call(PATH));
    await delay(10);
  };
  const begun = await scene.until(() => simulator.state().held === 1, call);
  const before = answers.length;
  for (let count = 0; count < CALLS_MEANWHILE; count += 1) await call();
  const waiting = simulator.state().held === 1;
  const meanwhile = answers.length - before;
  const stillShort = lastToken(scene) === short;
  simulator.release();
  const renewed = await scene.until(() => lastToken(scene) !== short, call);

  const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
  tell.show(
    'app ◀──',
    `${answers.length} calls in a row, the slowest in ${slowestMs.toFixed(0)} ms`,
  );
  tell.holds(
    'all were answered 200 with good data',
    answers.every(({ status, body }) => status === 200 && body.includes('ip_list')),
  );
  tell.holds(`the renewal began by itself while token ${short} was good`, begun);
  tell.holds(
    `WeChat let it wait, and no call waited: ${meanwhile} went on with token ${short}`,
    waiting && stillShort,
  );
  tell.holds(
    `then token ${lastToken(scene)} took its place: no call ever left with a bad one`,
    renewed && scene.refused === refusedBefore,
  );
  scene.tellCost(2, ': one for the token that lives 4 seconds, one for its renewal');
}

/** The token of the last call that reached WeChat. */
function lastToken(scene: Scene): number {
  const call = scene.seen.findLast(({ url }) => url.startsWith(PATH));
  return call === undefined ? 0 : scene.tokenOf(call);
}
