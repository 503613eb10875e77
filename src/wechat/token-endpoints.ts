/** WeChat's two ways to issue an app token: getStableAccessToken and getAccessToken. */
export type TokenApi = 'stable_token' | 'token';

export const TOKEN_PATHS = {
  stable_token: '/cgi-bin/stable_token',
  token: '/cgi-bin/token',
} as const satisfies Record<TokenApi, string>;
