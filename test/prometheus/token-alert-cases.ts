/** For every alert about tokens: what it is for, and what looks like it and is not. */
import type { AlertCase } from '../helpers/alerts.ts';
import { failures, seriesOf, shop } from './alert-series.ts';

const expiry = seriesOf('token_expiry_timestamp_seconds');
const refreshes = (trigger: string, outcome: string, replica = 1): string =>
  seriesOf('token_refreshes_total', { trigger, outcome }, replica);
const forced = (replica = 1): string => seriesOf('token_force_refreshes_total', {}, replica);

/** Time begins at 0: `1020` as an expiry is 17 minutes later. */
export const tokenAlertCases: readonly AlertCase[] = [
  {
    alert: 'WxproxyTokenExpiresSoon',
    when: 'renewals fail and two minutes are left, on two proxies: one alert',
    series: {
      [expiry]: '1020x40',
      [seriesOf('token_expiry_timestamp_seconds', {}, 2)]: '1020x40',
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
      [seriesOf('requests_total', { route: 'api', status: '503' })]: '0+3x40',
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
      [seriesOf('requests_total', { route: 'api', status: '200' })]: '7x40',
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
    series: { [seriesOf('token_conflicts_total')]: '0x20 1x20 2x60' },
    at: '50m',
    fires: [shop],
  },
  {
    alert: 'WxproxyTokenConflict',
    when: 'it happened once',
    series: { [seriesOf('token_conflicts_total')]: '0x20 1x80' },
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
];
