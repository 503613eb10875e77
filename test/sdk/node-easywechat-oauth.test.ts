import t from 'tap';
import { divertAxios } from './axios-interceptor.ts';
import { FIRST, openDesk } from './desk.ts';
import { load } from './packages.ts';

interface User {
  getId(): string;
  getNickname(): string;
}

const { OfficialAccount } = load('node-easywechat') as {
  readonly OfficialAccount: new (config: object) => {
    getOAuth(): { userFromCode(code: string): Promise<User> };
  };
};

// Its OAuth is another package, node-socialite, whose base URL cannot be set.
void t.test('node-easywechat signs users in through an axios interceptor', async (t) => {
  const { wire, simulator, folder, secrets } = await openDesk(t);
  divertAxios(wire.url);
  const app = new OfficialAccount({
    app_id: FIRST,
    secret: 'none-that-would-do',
    http: { baseURL: wire.url },
    file_cache: { path: folder },
    oauth: { scopes: ['snsapi_userinfo'], redirect_url: 'http://127.0.0.1/' },
  });
  const user = await app.getOAuth().userFromCode('a-login-code');
  t.match(user.getId(), /^o[\w-]{27}$/);
  t.equal(user.getNickname(), '模拟用户');
  t.strictSame(
    simulator.requests.slice(-2).map(({ url }) => url.replace(/\?.*/, '')),
    ['/sns/oauth2/access_token', '/sns/userinfo'],
  );
  for (const secret of secrets()) t.notOk(wire.received().includes(secret));
});
