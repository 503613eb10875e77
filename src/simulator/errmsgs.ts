// WeChat's own words, from its errcode page and from answers its users posted.
const ERRMSGS: ReadonlyMap<number, string> = new Map([
  [-1, 'system error'],
  [
    40001,
    'invalid credential, access_token is invalid or not latest, could get access_token by ' +
      'getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r',
  ],
  [40002, 'invalid grant_type'],
  [40003, 'invalid openid'],
  [40007, 'invalid media_id'],
  [40013, 'invalid appid'],
  [40014, 'invalid access_token'],
  [40029, 'invalid code'],
  [40030, 'invalid refresh_token'],
  [40125, 'invalid appsecret'],
  [40163, 'code been used'],
  [40169, 'invalid length for scene, or the data is not json string'],
  [40243, 'AppSecret has been frozen, please unfreeze it on the platform'],
  [41001, 'access_token missing'],
  [41002, 'appid missing'],
  [41003, 'refresh_token missing'],
  [41004, 'appsecret missing'],
  [41005, 'media data missing'],
  [41008, 'missing code'],
  [42001, 'access_token expired'],
  [43001, 'require GET method'],
  [43002, 'require POST method'],
  [45009, 'reach max api daily quota limit'],
  [45011, 'api minute-quota reach limit, must slower, retry next minute'],
  [47001, 'data format error'],
  [48001, 'api unauthorized'],
  [48006, 'forbid to clear quota because of reaching the limit'],
  [50002, 'user limited'],
]);

/** WeChat's text for an errcode, without its `rid`. */
export function errmsgOf(errcode: number): string {
  return ERRMSGS.get(errcode) ?? 'refused by the simulator as it was told to';
}
