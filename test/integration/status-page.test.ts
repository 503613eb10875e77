import t, { type Test } from 'tap';
import type { Page } from 'playwright-core';
import type { Status } from '../../src/server/status.ts';
import { startBrowser } from '../helpers/browser.ts';
import { proxyAndSimulator, until, type RunningProxy } from '../helpers/proxy.ts';

t.test('the status page tells an on-call person how things are', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const open = await startBrowser(t);
  if (open === undefined) return;

  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 375]) {
      await t.test(`${scheme}, ${width} px wide`, async (t) => {
        const context = await open({ colorScheme: scheme, viewport: { width, height: 800 } });
        const { page, elsewhere, complaints } = await visit(await context.newPage(), proxy);
        await page.getByText('ready', { exact: true }).waitFor();
        await page.getByText('wx0123456789abcdef').waitFor();
        t.match(await page.locator('#accounts').innerText(), /expires in 1 h 59 min/);
        t.match(await page.locator('#accounts').innerText(), /fetched \(startup\)/);
        t.equal(await page.locator('.bar > i').count(), 1);
        t.equal(await page.locator('polyline').count(), 2);
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        t.equal(overflow, 0, 'nothing runs over the side');
        t.strictSame(elsewhere, [], 'nothing was asked of anybody else');
        t.strictSame(complaints, [], 'the browser has nothing to complain of, its policy included');
        const shot = process.env['SCREENSHOTS'];
        if (shot !== undefined) {
          await page.screenshot({ path: `${shot}/${scheme}-${width}.png`, fullPage: true });
        }
        await context.close();
      });
    }
  }

  await t.test(
    'it is live: a failure appears without a reload, in WeChat’s own words',
    async (t) => {
      const context = await open();
      const { page } = await visit(await context.newPage(), proxy);
      await page.getByText('ready', { exact: true }).waitFor();
      simulator.set({ ipRefused: true });
      simulator.revoke();
      await fetch(`${proxy.url}/cgi-bin/getcallbackip`);
      await page.getByText(/not in whitelist/).waitFor();
      t.match(await page.locator('#accounts').innerText(), /failed \(rejected\)/);
      await showsNoSecret(t, page, simulator.requests);
      await context.close();
    },
  );
});

t.test(
  'token calls that fail are trouble with WeChat, though API calls are answered',
  async (t) => {
    const open = await startBrowser(t);
    if (open === undefined) return;
    const { proxy, simulator } = await proxyAndSimulator(t);
    const context = await open();
    const { page } = await visit(await context.newPage(), proxy);
    const health = page.locator('#health dd').first();
    await page.getByText(/answered \d+ s ago/).waitFor();
    t.equal(await health.getAttribute('class'), 'good');

    simulator.fault({ kind: 'server-error', tokenCalls: true });
    // Tried again for longer than the page takes to look again.
    simulator.fault({ kind: 'reset', tokenCalls: true, count: 3 });
    simulator.revoke();
    const call = () => fetch(`${proxy.url}/cgi-bin/getcallbackip`);
    t.match(await (await call()).json(), { errcode: 40001 }, 'WeChat answers API calls');
    const { upstream } = (await (await fetch(`${proxy.admin}/status.json`)).json()) as Status;
    t.match(upstream, { ok: false, words: /^WeChat gives no usable answer \(token calls\)/ });
    // Each of them is refused, and asks for another token where that may be tried again.
    const calls = setInterval(() => void call(), 200);
    t.teardown(() => clearInterval(calls));
    await page.getByText(/^WeChat cannot be reached \(token calls\), \d s ago$/).waitFor();
    t.equal(await health.getAttribute('class'), 'bad');
    await page.getByText(/^answered \d+ s ago/).waitFor();
    t.equal(await health.getAttribute('class'), 'good', 'and mended without a reload');
    clearInterval(calls);
    await context.close();
  },
);

async function showsNoSecret(
  t: Test,
  page: Page,
  requests: readonly { readonly url: string }[],
): Promise<void> {
  const shown = await page.content();
  const json = await (await fetch(new URL('status.json', page.url()))).text();
  const tokens = requests.flatMap(({ url }) => /access_token=([^&]+)/.exec(url)?.[1] ?? []);
  t.ok(tokens.length > 0, 'there were tokens to be shown');
  for (const secret of [...tokens, '0123456789abcdef0123456789abcdef']) {
    t.notOk(shown.includes(secret) || json.includes(secret), 'and none is');
  }
}

async function visit(
  page: Page,
  { admin }: RunningProxy,
): Promise<{ page: Page; elsewhere: string[]; complaints: string[] }> {
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(admin)) elsewhere.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${admin}/`);
  await until(() => page.locator('#accounts section').count().then(Boolean), 'the page is drawn');
  return { page, elsewhere, complaints };
}
