import type { Scene } from '../scene.ts';

const CALLS = 1000;

export async function storm(scene: Scene): Promise<void> {
  const { tell, stage } = scene;
  const { simulator } = stage;
  tell.step(`${shown(CALLS)} calls at once, all refused together`);
  tell.say(
    'The token is taken away once more, and now the whole app is busy. WeChat refuses every',
    'single call before it gives the proxy another token.',
  );
  simulator.rotate();
  simulator.fault({ kind: 'hold', tokenCalls: true });
  const startedMs = performance.now();
  const calls = Promise.all(
    Array.from({ length: CALLS }, (_, number) =>
      scene.call(`/wxa/business/order?number=${number}`),
    ),
  );
  const all = await scene.until(() => scene.refused === CALLS && simulator.state().held === 1);
  simulator.release();
  const answers = await calls;
  const tookMs = performance.now() - startedMs;
  const good = answers.filter(
    ({ status, body }, number) => status === 200 && body.includes(`"query":"number=${number}"`),
  );
  tell.show(
    'app ◀──',
    `${shown(good.length)} of ${shown(CALLS)} answered 200, each its own answer`,
  );
  tell.show('WeChat saw', `${shown(scene.refused)} calls with a dead token, refused (40001)`);
  tell.show('', `and ${shown(scene.seen.length - scene.refused - scene.cost)} replays`);
  tell.holds(
    `all were refused, none failed (${tookMs.toFixed(0)} ms)`,
    all && good.length === CALLS,
  );
  scene.tellCost(1, ' for all of them');
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}
