import type { Scene } from '../scene.ts';

export async function firstCall(scene: Scene): Promise<void> {
  const { tell } = scene;
  tell.step('The first call');
  tell.say('The app has no access_token and sends none. The proxy puts one in on the way.');
  const answer = await scene.tellCall('/cgi-bin/getcallbackip');
  const seen = scene.seen.filter(({ url }) => url.startsWith('/cgi-bin/getcallbackip'));
  for (const request of seen) tell.show('WeChat saw', scene.describe(request));
  tell.holds('the app got its data', answer.status === 200 && answer.body.includes('ip_list'));
  tell.holds(
    'WeChat saw the call once, with a token',
    seen.length === 1 && seen.every((request) => scene.tokenOf(request) > 0),
  );
  scene.tellCost(1, ', made when the proxy started');
}
