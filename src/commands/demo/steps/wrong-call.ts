import type { Scene } from '../scene.ts';

export async function wrongCall(scene: Scene): Promise<void> {
  const { tell } = scene;
  tell.step('A call that is wrong');
  tell.say('The base URL was set with a slash at its end. The answer says what to do.');
  const answer = await scene.tellCall('//cgi-bin/getcallbackip');
  tell.show('', `x-wxproxy-error: ${answer.refusal}`);
  tell.holds(
    'it was refused with help, in the shape of WeChat’s own errors',
    answer.status === 400 &&
      answer.refusal === 'ERR_REQUEST_REFUSED' &&
      answer.body.startsWith('{"errcode":400,') &&
      answer.body.includes('does your base URL end in a slash?'),
  );
  tell.holds('WeChat never saw it', scene.seen.length === 0);
  scene.tellCost(0);
}
