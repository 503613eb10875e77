import { DEMO_ACCOUNT } from '../../../simulator/demo-account.ts';
import type { Scene } from '../scene.ts';

const ASK = '/cgi-bin/token';
const CALL = '/cgi-bin/user/info';

export async function sdk(scene: Scene): Promise<void> {
  const { tell } = scene;
  tell.step('An SDK that fetches its own token');
  tell.say(
    'Most SDKs ask for a token before anything else. Forwarded, that call would take the token',
    'away from everybody: the proxy answers it itself, with a placeholder.',
  );
  const { appid } = DEMO_ACCOUNT;
  tell.show('SDK ──▶', `GET ${ASK}?grant_type=client_credential&appid=${appid}&secret=…`);
  const asked = await scene.call(
    `${ASK}?grant_type=client_credential&appid=${appid}&secret=it-need-not-know`,
  );
  const placeholder = placeholderIn(asked.body);
  const stub = `${placeholder.slice(0, 5 + appid.length)}…`;
  tell.show('SDK ◀──', `${asked.status} ${asked.body.replace(placeholder, stub)}`);
  const query = `&openid=oDEMO&lang=zh_CN`;
  tell.show('SDK ──▶', `GET ${CALL}?access_token=${stub}${query}`);
  const used = await scene.call(`${CALL}?access_token=${placeholder}${query}`);
  tell.show('SDK ◀──', `${used.status} ${used.body}`);
  const { seen } = scene;
  for (const request of seen) tell.show('WeChat saw', scene.describe(request));
  tell.holds(
    'the SDK got something that looks like a token and is none',
    asked.status === 200 && placeholder.startsWith('wxp-') && !scene.holdsToken(asked.body),
  );
  tell.holds(
    'with it the SDK got its data; WeChat saw the real token instead',
    used.status === 200 &&
      used.body.includes('"subscribe":1') &&
      seen.length === 1 &&
      !seen.some(({ url }) => url.includes(placeholder)),
  );
  scene.tellCost(0);
}

function placeholderIn(body: string): string {
  const { access_token: value } = JSON.parse(body) as { access_token?: unknown };
  return typeof value === 'string' ? value : '';
}
