/**
 * The listener for kubelet, Prometheus and people: metrics, health and status. It never proxies,
 * shows no secret, and takes any `Host`: probes send the pod's IP.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { loadStatusPage, type StatusPage } from './status-page.ts';
import type { Status } from './status.ts';

export interface AdminPages {
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly readiness: () => { readonly ready: boolean; readonly why: string };
  /** What the status page shows. */
  readonly status: () => Status;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly contentSecurityPolicy?: string;
}

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** A scrape that fails must not take the proxy with it. */
const FAILED: Page = { status: 500, contentType: TEXT, body: 'this page failed\n' };

export function createAdminListener(pages: AdminPages): Server {
  const statusPage = loadStatusPage();
  const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, (req, res) => {
    void answer(req, res, pages, statusPage);
  });
  server.maxHeadersCount = 0;
  return server;
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  pages: AdminPages,
  statusPage: StatusPage,
): Promise<void> {
  const { status, contentType, body, contentSecurityPolicy } = await page(
    req,
    pages,
    statusPage,
  ).catch(() => FAILED);
  res.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': contentSecurityPolicy ?? "default-src 'none'",
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  res.end(body);
}

async function page(
  req: IncomingMessage,
  pages: AdminPages,
  statusPage: StatusPage,
): Promise<Page> {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    return { status: 405, contentType: TEXT, body: 'only GET and HEAD\n' };
  }
  switch ((req.url ?? '').split('?', 1)[0]) {
    case '/healthz':
      return { status: 200, contentType: TEXT, body: 'alive\n' };
    case '/readyz': {
      const { ready, why } = pages.readiness();
      return { status: ready ? 200 : 503, contentType: TEXT, body: `${why}\n` };
    }
    case '/metrics': {
      const { contentType, text } = await pages.metrics();
      return { status: 200, contentType, body: text };
    }
    case '/':
      return {
        status: 200,
        contentType: HTML,
        body: statusPage.html,
        contentSecurityPolicy: statusPage.contentSecurityPolicy,
      };
    case '/status.json':
      return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify(pages.status())}\n` };
    default:
      return {
        status: 404,
        contentType: TEXT,
        body: 'there are /metrics, /healthz, /readyz and /\n',
      };
  }
}
