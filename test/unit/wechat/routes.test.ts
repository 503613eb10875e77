import t from 'tap';
import { canonicalPath } from '../../../src/proxy/target.ts';
import { classify, quotesToken, type Route } from '../../../src/wechat/routes.ts';

type Row = readonly [path: string, query?: string];

const ROWS: Readonly<Record<Route, readonly Row[]>> = {
  api: [
    ['/cgi-bin/getcallbackip'],
    ['/cgi-bin/message/custom/send'],
    ['/cgi-bin/media/upload', 'type=image'],
    ['/wxa/getwxacodeunlimit'],
    ['/wxaapi/newtmpl/gettemplate'],
    ['/card/create'],
    ['/datacube/getusersummary'],
    ['/customservice/kfaccount/add'],
    ['/cv/ocr/idcard'],
    ['/shop/order/get'],
    ['/channels/ec/basics/info/get'],
    ['/product/spu/get'],
    ['/tcb/invokecloudfunction', 'env=x&name=y'],
    ['/xpay/query_user_balance'],
    ['/semantic/semproxy/search'],
    ['/scan/product/create'],
    ['/cgi-bin/openapi/rid/get'],
    ['/cgi-bin/midas/getbalance'],
    ['/cgi-bin/clear_quota'],
    ['/'],
    ['/cgi-bin/tokens'],
    ['/cgi-bin/token2'],
    ['/cgi-bin/token/get'],
    ['/cgi-bin/ticket/getticket', 'type=jsapi'],
    ['/wxa/business/getuserphonenumber', 'a=component_access_token=1'],
    ['/wxa/x', 'component_access_token'],
    ['/wxa/x', 'acomponent_access_token=1'],
    ['/wxa/x', 'component_access_token_=1'],
    ['/wxa/x', '%zz=component_access_token'],
    ['/sns', 'code=1'],
  ],
  'token-endpoint': [
    ['/cgi-bin/token'],
    ['/cgi-bin/token', 'grant_type=client_credential&appid=a&secret=b'],
    ['/cgi-bin/stable_token'],
    ['/cgi-bin/TOKEN'],
    ['/CGI-BIN/Stable_Token'],
    ['/cgi-bin/%74oken'],
    ['/cgi-bin/%74%6F%6b%65%6E'],
    ['/cgi%2dbin/token'],
    ['/cgi-bin%2ftoken'],
    ['/cgi-bin%2Ftoken'],
    ['/cgi-bin/%2574oken'],
    ['/cgi-bin/%252574oken'],
    ['/cgi-bin/stable%5Ftoken'],
    ['/cgi-bin//token'],
    ['/cgi-bin///token'],
    ['/cgi-bin/%2ftoken'],
    ['/cgi-bin/token/'],
    ['/cgi-bin/token//'],
    ['/cgi-bin/token%2f'],
    ['/cgi-bin/token;x'],
    ['/cgi-bin/token;'],
    ['/cgi-bin/token;jsessionid=1'],
    ['/cgi-bin;v=1/token'],
    ['/cgi-bin/token%3bx'],
    ['/cgi-bin/;/token'],
    ['/cgi-bin/token.'],
    ['/cgi-bin/token..'],
    ['/cgi-bin./token'],
    ['/cgi-bin/token%2e'],
    ['/cgi-bin/token%20'],
    ['/cgi-bin/%20token'],
    ['/cgi-bin/token. ;x'],
    ['/cgi-bin/token%3fx'],
    ['/cgi-bin/token%23x'],
    ['/cgi-bin/Token.;X/'],
    ['/cgi-bin/token', 'component_access_token=1'],
  ],
  'code-exchange': [
    ['/sns/jscode2session', 'js_code=1'],
    ['/sns/oauth2/access_token', 'code=1'],
    ['/cgi-bin/clear_quota/v2'],
    ['/sns/jscode2session/'],
    ['/sns//oauth2/access_token'],
    ['/sns/jscode2session', 'component_access_token=1'],
  ],
  'user-token': [['/sns/userinfo', 'access_token=user'], ['/sns/auth'], ['/sns/userinfo/']],
  'other-token': [
    ['/sns/oauth2/refresh_token', 'appid=a&refresh_token=b'],
    ['/sns/oauth2/component/access_token', 'component_access_token=1'],
    ['/sns/component/jscode2session', 'component_access_token=1'],
    ['/sns/unknown'],
    ['/cgi-bin/component/api_component_token'],
    ['/cgi-bin/component/api_query_auth', 'component_access_token=1'],
    ['/wxa/x', 'component_access_token=1'],
    ['/wxa/x', 'a=1&component_access_token=1&b=2'],
    ['/wxa/x', 'component_access_token='],
    ['/tcb/x', 'cloudbase_access_token=1'],
    ['/wxa/x', 'component%5Faccess%5ftoken=1'],
    ['/tcb/x', 'a=%zz&%63loudbase_access_token=1'],
  ],
};

for (const [route, rows] of Object.entries(ROWS)) {
  t.test(`${route}: known by the path, however it is written`, (t) => {
    for (const [path, query = ''] of rows) {
      t.equal(
        classify(canonicalPath(path), query),
        route,
        query === '' ? path : `${path}?${query}`,
      );
    }
    t.end();
  });
}

t.test('only the answer of rid/get is known to quote the token', (t) => {
  t.ok(quotesToken('/cgi-bin/openapi/rid/get'));
  t.ok(quotesToken(canonicalPath('/cgi-bin//openapi/rid/get/')));
  t.notOk(quotesToken('/cgi-bin/openapi/quota/get'));
  t.notOk(quotesToken('/cgi-bin/openapi/rid'));
  t.end();
});
