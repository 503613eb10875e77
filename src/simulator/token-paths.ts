export const TOKEN_PATH = '/cgi-bin/token';
export const STABLE_TOKEN_PATH = '/cgi-bin/stable_token';

export function isTokenPath(path: string): boolean {
  return path === TOKEN_PATH || path === STABLE_TOKEN_PATH;
}
