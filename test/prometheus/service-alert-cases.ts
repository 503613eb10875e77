/** For every other alert: what it is for, and what looks like it and is not. */
import type { AlertCase } from '../helpers/alerts.ts';
import { failures, seriesOf, shop } from './alert-series.ts';

const storeFailures = seriesOf('store_operations_total', { store: 'redis', outcome: 'failed' });
/** Of kube-state-metrics. */
const running =
  'kube_pod_init_container_status_running{namespace="shop",pod="app-1",container="wechat-token-proxy"}';

export const serviceAlertCases: readonly AlertCase[] = [
  {
    alert: 'WxproxyQuota',
    when: "an API's daily quota is used up",
    series: { [seriesOf('upstream_errcodes_total', { errcode: '45009' })]: '0x10 1x30' },
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
      [seriesOf('upstream_errcodes_total', { errcode: '48001' })]: '0+1x40',
      [seriesOf('upstream_errcodes_total', { errcode: '45009' })]: '3x40',
      [failures('busy')]: '0+1x40',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'WxproxyReplaysFail',
    when: 'fresh tokens are rejected too, and then a cool-down holds replays back',
    series: {
      [seriesOf('replays_total', { outcome: 'rejected' })]: '0x10 1x30',
      [seriesOf('replays_total', { outcome: 'ok' })]: '0x40',
      [seriesOf('replays_skipped_total', { reason: 'cooldown' })]: '0x10 1+1x30',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyReplaysFail',
    when: 'replays mend what was rejected, one aside',
    series: {
      [seriesOf('replays_total', { outcome: 'rejected' })]: '0x10 1x30',
      [seriesOf('replays_total', { outcome: 'ok' })]: '0+5x40',
      [seriesOf('replays_skipped_total', { reason: 'cooldown' })]: '0x40',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'one call in ten gets no answer',
    series: {
      [seriesOf('upstream_failures_total', { reason: 'timeout' })]: '0+3x40',
      [seriesOf('requests_total', { route: 'api', status: '504' })]: '0+3x40',
      [seriesOf('requests_total', { route: 'api', status: '200' })]: '0+27x40',
    },
    at: '15m',
    fires: [shop],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'one call in a hundred gets no answer',
    series: {
      [seriesOf('upstream_failures_total', { reason: 'timeout' })]: '0+3x40',
      [seriesOf('requests_total', { route: 'api', status: '504' })]: '0+3x40',
      [seriesOf('requests_total', { route: 'api', status: '200' })]: '0+297x40',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'WxproxyUpstreamFails',
    when: 'half of the calls failed: one of two',
    series: {
      [seriesOf('upstream_failures_total', { reason: 'timeout' })]: '0x20 1x20',
      [seriesOf('requests_total', { route: 'api', status: '504' })]: '0x20 1x20',
      [seriesOf('requests_total', { route: 'api', status: '200' })]: '0x20 1x20',
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
    series: { [seriesOf('up')]: '1x5 0x30', [seriesOf('up', {}, 2)]: '1x40' },
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
    series: { [seriesOf('up')]: '1x10 0x2 1x30' },
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
    series: { [seriesOf('up', {}, 2)]: '1x60', [running]: '1x60' },
    at: '20m',
    fires: [{ namespace: 'shop', pod: 'app-1', container: 'wechat-token-proxy' }],
  },
  {
    alert: 'WxproxyNotScraped',
    when: 'every proxy that runs is a target, even one that does not answer',
    series: { [seriesOf('up')]: '0x60', [seriesOf('up', {}, 2)]: '1x60', [running]: '1x60' },
    at: '20m',
    fires: [],
  },
];
