import type { Scene } from '../scene.ts';

const PATH = '/cgi-bin/user/get';

export async function rotation(scene: Scene): Promise<void> {
  const { tell, stage } = scene;
  tell.step('Somebody else takes a new token');
  tell.say(
    'Another program with the same account makes WeChat issue a new token. The one that the',
    'proxy holds is dead from now on, and nobody tells it so.',
  );
  stage.simulator.rotate();
  const answer = await scene.tellCall(PATH);
  const { seen } = scene;
  const calls = seen.filter(({ url }) => url.startsWith(PATH));
  for (const request of seen) {
    const verdict = request === calls[0] && scene.refused === 1 ? ': refused (40001)' : '';
    tell.show('WeChat saw', scene.describe(request) + verdict);
  }
  const [first = 0, second = 0] = calls.map((request) => scene.tokenOf(request));
  tell.holds(
    'the app saw 200 and good data, and nothing of the refusal',
    answer.status === 200 && answer.body.includes('openid'),
  );
  tell.holds(
    `WeChat refused the call with token ${first}; sent once more with token ${second}, it was answered`,
    calls.length === 2 && scene.refused === 1 && first > 0 && second > 0 && first !== second,
  );
  scene.tellCost(1);
}
