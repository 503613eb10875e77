/** This project's program as users run it, with everything on. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNTS } from '../upstream/accounts.ts';
import type { Contender } from './contender.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What `npm run bundle` makes and the image holds. */
const BUNDLED = join(ROOT, 'bundle/cli.js');

/** What the image passes to Node. */
const FLAGS = (
  JSON.parse(
    /^ENTRYPOINT (.*)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '[]',
  ) as string[]
).filter((part) => part.startsWith('--'));

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

/** @param argv how it is started, as the image starts it unless given */
export function ours(
  name = 'ours',
  argv: readonly string[] = [process.execPath, ...FLAGS, BUNDLED],
): Contender {
  return {
    name,
    kind: 'ours',
    version: `wechat-token-proxy ${version}`,
    ...(argv.includes(BUNDLED) &&
      !existsSync(BUNDLED) && { missing: 'there is no bundle: npm run bundle' }),
    command: ({ port, adminPort, upstream, caFile, accountsFile }) => ({
      argv: argv as [string, ...string[]],
      env: {
        NODE_ENV: 'production',
        NODE_EXTRA_CA_CERTS: caFile,
        WXPROXY_LISTEN: `127.0.0.1:${port}`,
        WXPROXY_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
        WXPROXY_UPSTREAM: `https://${upstream}`,
        ...(accountsFile === undefined
          ? { WECHAT_APPID: ACCOUNTS.appid(0), WECHAT_APPSECRET: ACCOUNTS.secret(0) }
          : { WXPROXY_ACCOUNTS_FILE: accountsFile }),
      },
    }),
  };
}
