/** A headless Chromium for pages on loopback, gone with the test. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type BrowserContextOptions } from 'playwright-core';
import type { Test } from 'tap';
import { requireProgram } from './programs.ts';

/** @returns undefined where there is no Chromium: then the test has been reported as skipped */
export async function startBrowser(
  t: Test,
): Promise<((options?: BrowserContextOptions) => Promise<BrowserContext>) | undefined> {
  const executablePath = requireProgram(t, 'chromium');
  if (executablePath === undefined) return undefined;
  const profile = mkdtempSync(join(tmpdir(), 'wxproxy-chromium-'));
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--crash-dumps-dir=${profile}`,
    ],
  });
  t.teardown(async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  });
  return (options) => browser.newContext(options);
}
