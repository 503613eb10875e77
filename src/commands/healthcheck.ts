import { request } from 'node:http';
import { environment } from '../settings/environment.ts';
import { isEveryInterface } from '../settings/kinds/listen-address.ts';
import { loadAdminListen } from '../settings/load.ts';
import type { CommandContext } from './command.ts';

const TIMEOUT_MS = 2000;

/**
 * Asks the admin listener of the instance with the same settings: for exec probes in images without
 * a shell. Liveness, or with `--ready` readiness.
 * @returns 0 or 1
 * @throws {SettingsError} with flags and variables that there are not, and an address that is wrong
 */
export async function healthcheck(
  argv: readonly string[],
  { out, err }: CommandContext,
): Promise<number> {
  const ready = argv.includes('--ready');
  const adminListen = loadAdminListen({
    argv: argv.filter((flag) => flag !== '--ready'),
    env: environment(),
  });
  const address =
    'path' in adminListen
      ? { socketPath: adminListen.path }
      : {
          host: isEveryInterface(adminListen.host) ? 'localhost' : adminListen.host,
          port: adminListen.port,
        };
  try {
    const { status, body } = await get({ ...address, path: ready ? '/readyz' : '/healthz' });
    (status === 200 ? out : err)(body);
    return status === 200 ? 0 : 1;
  } catch (error) {
    err(`the admin listener does not answer: ${(error as Error).message}\n`);
    return 1;
  }
}

function get(options: object): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = request({ ...options, timeout: TIMEOUT_MS }, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (text: string) => (body += text));
      res.on('end', () => resolve({ status: res.statusCode as number, body }));
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    req.on('error', reject);
    req.end();
  });
}
