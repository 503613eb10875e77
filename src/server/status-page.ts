/** The page on `/` of the admin listener: one answer, nothing loaded from anywhere. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface StatusPage {
  readonly html: string;
  /** Lets the page's own script and style run, and the script ask this listener; nothing else. */
  readonly contentSecurityPolicy: string;
}

export function loadStatusPage(): StatusPage {
  const asset = (name: string): string =>
    readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
  const script = asset('status.js');
  const html = asset('status.html').replace(
    '<script src="status.js"></script>',
    () => `<script>${script}</script>`,
  );
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
  return {
    html,
    contentSecurityPolicy: [
      "default-src 'none'",
      `script-src '${sha256(script)}'`,
      `style-src '${sha256(style)}'`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  };
}

/** CSP Level 3, section 2.3.1: a hash source. */
function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
