/**
 * The way round for SDKs that hard-code WeChat's host and call it with axios itself: the whole app
 * shares one axios, and it takes an interceptor.
 */
import { load } from './packages.ts';

interface Config {
  readonly url: string;
}

interface Axios {
  readonly interceptors: { readonly request: { use(change: (config: Config) => Config): void } };
}

let diverted: string | undefined;

/** From now on every call of WeChat's by axios goes to this base URL. */
export function divertAxios(baseUrl: string): void {
  const { interceptors } = load('axios') as Axios;
  if (diverted === undefined) {
    interceptors.request.use((config) => ({
      ...config,
      url: config.url.replace(/^https:\/\/api\.weixin\.qq\.com(?=\/)/, diverted as string),
    }));
  }
  diverted = baseUrl;
}
