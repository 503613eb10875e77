import { TOKEN_PATHS } from '../wechat/token-endpoints.ts';

const PATHS: ReadonlySet<string> = new Set(Object.values(TOKEN_PATHS));

export function isTokenPath(path: string): boolean {
  return PATHS.has(path);
}
