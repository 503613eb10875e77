/** For every alert: what it is for, and what looks like it and is not. */
import type { AlertCase } from '../helpers/alerts.ts';

const shop = { namespace: 'shop', appid: 'wx1' };

/** A series of a proxy: one of the replicas, number 1 unless given. */
function of(metric: string, labels: Readonly<Record<string, string>> = {}, replica = 1): string {
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

const expiry = of('token_expiry_timestamp_seconds');
const failures = (reason: string, replica = 1): string =>
  of('token_refresh_failures_total', { reason }, replica);
const refreshes = (trigger: string, outcome: string, replica = 1): string =>
  of('token_refreshes_total', { trigger, outcome }, replica);
const forced = (replica = 1): string => of('token_force_refreshes_total', {}, replica);
const storeFailures = of('store_operations_total', { store: 'redis', outcome: 'failed' });
/** Of kube-state-metrics. */
const running =
  'kube_pod_init_container_status_running{namespace="shop",pod="app-1",container="wechat-token-proxy"}';

/** Time begins at 0: `1020` as an expiry is 17 minutes later. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: 'WxproxyTokenExpiresSoon',
    when: 'renewals fail and two minutes are left, on two proxies: one alert',
    series: {
      [expiry]: '1020x40',
      [of('token_expiry_timestamp_seconds', {}, 2)]: '1020x40',
      [failures('network')]: '0x20 1+1x20',
      [failures('network', 2)]: '0x20 1+1x20',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyTokenExpiresSoon',
    when: 'renewals fail, and the token is good for hours',
    series: { [expiry]: '8000x40', [failures('network')]: '0x20 1+1x20' },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyTokenExpiresSoon',
    when: 'an account that nobody uses lets its token expire',
    series: { [expiry]: '1020x40', [failures('network')]: '0x40' },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyNoToken',
    when: 'there never was one, and WeChat is not reached',
    series: { [expiry]: '0x40', [failures('network')]: '0+1x40' },
    at: '10m',
    fires: [shop],
  },
  {
    alert: 'WxproxyNoToken',
    when: 'it has expired and nothing is tried until midnight: requests are what fails',
    series: {
      [expiry]: '300x40',
      [failures('quota')]: '1x40',
      [of('requests_total', { route: 'api', status: '503' })]: '0+3x40',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyNoToken',
    when: 'an account that nobody uses has let its token expire',
    series: {
      [expiry]: '300x40',
      [failures('network')]: '0x40',
      [of('requests_total', { route: 'api', status: '200' })]: '7x40',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyCredentialsRefused',
    when: 'WeChat refuses once a minute',
    series: { [failures('refused')]: '0x5 1+1x1 2+0x1 3+0x1 4x30' },
    at: '10m',
    fires: [shop],
  },
  {
    alert: 'WxproxyCredentialsRefused',
    when: 'WeChat refused once, and is otherwise not reached',
    series: { [failures('refused')]: '0x10 1x30', [failures('network')]: '0+1x40' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'WxproxyTokenConflict',
    when: 'two tokens within an hour were retired by somebody',
    series: { [of('token_conflicts_total')]: '0x20 1x20 2x60' },
    at: '50m',
    fires: [shop],
  },
  {
    alert: 'WxproxyTokenConflict',
    when: 'it happened once',
    series: { [of('token_conflicts_total')]: '0x20 1x80' },
    at: '50m',
    fires: [],
  },
  {
    alert: 'WxproxyForceRefreshBudget',
    when: 'thirteen were spent within a day, by two replicas that share nothing',
    every: '10m',
    series: { [forced()]: '0+1x7 7x16', [forced(2)]: '0x6 1+1x5 6x11' },
    at: '3h50m',
    fires: [shop],
  },
  {
    alert: 'WxproxyForceRefreshBudget',
    when: 'five were, and many tokens were replaced without force',
    every: '10m',
    series: {
      [forced()]: '0+1x5 5x18',
      [forced(2)]: '0x23',
      [refreshes('rejected', 'fetched')]: '0+2x23',
      [refreshes('rejected', 'adopted', 2)]: '0+2x23',
    },
    at: '3h50m',
    fires: [],
  },
  {
    alert: 'WxproxyQuota',
    when: "an API's daily quota is used up",
    series: { [of('upstream_errcodes_total', { errcode: '45009' })]: '0x10 1x30' },
    at: '10m',
    fires: [shop],
  },
  {
    alert: 'WxproxyQuota',
    when: 'the quota of token calls is used up',
    series: { [failures('quota')]: '0x10 1x30' },
    at: '10m',
    fires: [shop],
  },
  {
    alert: 'WxproxyQuota',
    when: 'calls fail for another reason',
    series: {
      [of('upstream_errcodes_total', { errcode: '48001' })]: '0+1x40',
      [of('upstream_errcodes_total', { errcode: '45009' })]: '3x40',
      [failures('busy')]: '0+1x40',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'WxproxyReplaysFail',
    when: 'fresh tokens are rejected too, and then a cool-down holds replays back',
    series: {
      [of('replays_total', { outcome: 'rejected' })]: '0x10 1x30',
      [of('replays_total', { outcome: 'ok' })]: '0x40',
      [of('replays_skipped_total', { reason: 'cooldown' })]: '0x10 1+1x30',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyReplaysFail',
    when: 'replays mend what was rejected, one aside',
    series: {
      [of('replays_total', { outcome: 'rejected' })]: '0x10 1x30',
      [of('replays_total', { outcome: 'ok' })]: '0+5x40',
      [of('replays_skipped_total', { reason: 'cooldown' })]: '0x40',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'one call in ten gets no answer',
    series: {
      [of('upstream_failures_total', { reason: 'timeout' })]: '0+3x40',
      [of('requests_total', { route: 'api', status: '504' })]: '0+3x40',
      [of('requests_total', { route: 'api', status: '200' })]: '0+27x40',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'one call in a hundred gets no answer',
    series: {
      [of('upstream_failures_total', { reason: 'timeout' })]: '0+3x40',
      [of('requests_total', { route: 'api', status: '504' })]: '0+3x40',
      [of('requests_total', { route: 'api', status: '200' })]: '0+297x40',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'half of the calls failed: one of two',
    series: {
      [of('upstream_failures_total', { reason: 'timeout' })]: '0x20 1x20',
      [of('requests_total', { route: 'api', status: '504' })]: '0x20 1x20',
      [of('requests_total', { route: 'api', status: '200' })]: '0x20 1x20',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyStoreFails',
    when: 'Redis is away',
    series: { [storeFailures]: '0+10x40' },
    at: '15m',
    fires: [{ namespace: 'shop', store: 'redis' }],
  },
  {
    alert: 'WxproxyStoreFails',
    when: 'Redis was restarted',
    series: { [storeFailures]: '0x10 3x30' },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyDown',
    when: 'one of two proxies has not answered for five minutes',
    series: { [of('up')]: '1x5 0x30', [of('up', {}, 2)]: '1x40' },
    at: '10m',
    fires: [
      {
        namespace: 'shop',
        pod: 'app-1',
        job: 'wechat-token-proxy',
        instance: '10.0.0.1:9464',
      },
    ],
  },
  {
    alert: 'WxproxyDown',
    when: 'a proxy was replaced',
    series: { [of('up')]: '1x10 0x2 1x30' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'WxproxyNotScraped',
    when: 'no proxy is a target of Prometheus',
    series: { 'up{job="other"}': '1x60' },
    at: '20m',
    fires: [{ job: 'wechat-token-proxy' }],
  },
  {
    alert: 'WxproxyNotScraped',
    when: 'relabelling drops the sidecars of one app and not those of another',
    series: { [of('up', {}, 2)]: '1x60', [running]: '1x60' },
    at: '20m',
    fires: [{ namespace: 'shop', pod: 'app-1', container: 'wechat-token-proxy' }],
  },
  {
    alert: 'WxproxyNotScraped',
    when: 'every proxy that runs is a target, even one that does not answer',
    series: { [of('up')]: '0x60', [of('up', {}, 2)]: '1x60', [running]: '1x60' },
    at: '20m',
    fires: [],
  },
];
