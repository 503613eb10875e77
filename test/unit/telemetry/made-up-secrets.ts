import { Placeholders } from '../../../src/proxy/placeholder.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

/** Each of them must be gone. */
export const TOKEN = `90_${'aB3-_x'.repeat(23)}`;
export const APP_SECRET = 'f00dcafe0123456789abcdef01234567';
export const PLACEHOLDER = new Placeholders(Secret.of('k')).for('wx0123456789abcdef');
export const ODD = 'k3y-of-19-chars,x;y';
export const SECRETS = new RegExp(
  `${TOKEN.slice(0, 40)}|${APP_SECRET}|${PLACEHOLDER.slice(-20)}|k3y-of`,
);
