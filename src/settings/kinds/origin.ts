import * as v from 'valibot';
import type { Kind } from './kind.ts';

/** `http:` or `https:`, a host, perhaps a port: what requests are sent to, their own path kept. */
export const origin: Kind<URL> = {
  label: '<url>',
  show: blankCredentials,
  schema: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): URL => {
      const url = URL.parse(dataset.value);
      const fault = originFault(url);
      if (url !== null && fault === undefined) return url;
      addIssue({ message: fault ?? '' });
      return NEVER;
    }),
  ),
};

function originFault(url: URL | null): string | undefined {
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return 'should be a URL such as https://api.weixin.qq.com';
  }
  if (url.username !== '' || url.password !== '') return 'should hold no user name or password';
  if (url.pathname !== '/') return 'should end after the host and port: a path is not supported';
  if (url.search !== '' || url.hash !== '') return 'should hold no query or fragment';
  return undefined;
}

function blankCredentials(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, '$1[secret]@').replace(/[?#].*$/s, '?[not shown]');
}
