/** Accounts by number, so that upstream, load and accounts file agree without telling each other. */
import { createHash } from 'node:crypto';

export const ACCOUNTS = {
  appid: (index: number): string => `wx${index.toString(16).padStart(16, '0')}`,
  secret: (index: number): string => createHash('md5').update(`secret ${index}`).digest('hex'),
  token: (index: number): string => `${TOKEN}${String(index).padStart(5, '0')}`,
  /** The number of an account whose appid this is. */
  index: (appid: string): number => Number.parseInt(appid.slice(2), 16),
  /** What the accounts file holds for this many accounts, the first of them the default. */
  file: (count: number): string =>
    JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        appid: ACCOUNTS.appid(index),
        appsecret: ACCOUNTS.secret(index),
        ...(index === 0 && { default: true }),
      })),
    ),
} as const;

/** As long as WeChat's own tokens are. */
const TOKEN = `97_${createHash('sha512').update('token').digest('base64url')}${createHash('sha256').update('token').digest('base64url')}_`;
