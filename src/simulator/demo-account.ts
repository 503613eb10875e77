/** The account a simulator has when none is given. Made up: worth nothing at the real WeChat. */
export const DEMO_ACCOUNT = {
  appid: 'wx0123456789abcdef',
  appsecret: '0123456789abcdef0123456789abcdef',
} as const;
