/** The made-up app of the alert cases, and what Prometheus reads from its proxies. */
export const shop = { namespace: 'shop', appid: 'wx1' };

/** A series of a proxy: one of the replicas, number 1 unless given. */
export function seriesOf(
  metric: string,
  labels: Readonly<Record<string, string>> = {},
  replica = 1,
): string {
  const all = {
    namespace: 'shop',
    pod: `app-${replica}`,
    job: 'wechat-token-proxy',
    instance: `10.0.0.${replica}:9464`,
    ...(metric === 'up' ? {} : { appid: 'wx1' }),
    ...labels,
  };
  const text = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
  return `${metric === 'up' ? metric : `wxproxy_${metric}`}{${text.join(',')}}`;
}

export const failures = (reason: string, replica = 1): string =>
  seriesOf('token_refresh_failures_total', { reason }, replica);
