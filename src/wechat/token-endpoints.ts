/** WeChat's two ways to issue an app token: getStableAccessToken and getAccessToken. */
export const TOKEN_APIS = ['stable_token', 'token'] as const;

export type TokenApi = (typeof TOKEN_APIS)[number];

export const TOKEN_PATHS = {
  stable_token: '/cgi-bin/stable_token',
  token: '/cgi-bin/token',
} as const satisfies Record<TokenApi, string>;
