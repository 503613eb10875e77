/** The composition root: settings in, a running proxy out. The only file that knows everybody. */
import { randomBytes } from 'node:crypto';
import { createAccounts, followAccounts } from './app/accounts.ts';
import { createLanes } from './app/lanes.ts';
import { createSources } from './app/sources.ts';
import { BodyReceiver } from './proxy/body.ts';
import { Exchanges } from './proxy/exchange.ts';
import { createGuard } from './proxy/guard.ts';
import { createHandler } from './proxy/handler.ts';
import { KEEP_ALIVE_MS } from './proxy/keep-alive.ts';
import { Placeholders } from './proxy/placeholder.ts';
import { refuseRaw } from './proxy/raw-refusal.ts';
import { endSilence } from './proxy/silence.ts';
import { createAdminListener } from './server/admin-listener.ts';
import { createDataListener } from './server/data-listener.ts';
import { connectionBudget, descriptorLimit } from './server/descriptor-budget.ts';
import { listen } from './server/listen.ts';
import { Readiness } from './server/readiness.ts';
import { shutDown } from './server/shutdown.ts';
import { StatusReport } from './server/status-report.ts';
import type { Settings } from './settings/settings.ts';
import type { Logger } from './telemetry/logger.ts';
import { Metrics } from './telemetry/metrics.ts';
import { RepeatedLog } from './telemetry/repeated-log.ts';
import { systemClock, type Clock } from './token/clock.ts';
import { openStore } from './token/stores/open.ts';
import { version } from './version.ts';

interface AppOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Off where many instances share a process. */
  readonly processMetrics?: boolean;
}

export interface App {
  /**
   * Binds both listeners and begins to obtain the default account's token; does not wait for it.
   * @returns how to reach them: `http://127.0.0.1:8080` or `unix:/path`
   * @throws what binding fails with (EADDRINUSE, EACCES, …)
   */
  start(): Promise<{ readonly data: string; readonly admin: string }>;
  /** Not ready, then (after the drain delay) no new connections, then waits for open requests. */
  stop(): Promise<void>;
}

export async function createApp(settings: Settings, options: AppOptions): Promise<App> {
  const { logger, clock = systemClock } = options;
  const metrics = new Metrics({
    version,
    processMetrics: options.processMetrics ?? true,
    now: () => clock.now(),
  });
  const store = await openStore(settings.tokenStore, {
    tokenTimeoutMs: settings.tokenTimeoutMs,
    clock,
    logger,
    metrics,
  });
  // Of this process alone: a chain of proxies is fine, only a circle is not.
  const pseudonym = `wxproxy-${randomBytes(6).toString('hex')}`;
  const via = `1.1 ${pseudonym}`;
  const sources = createSources(settings, metrics, via);
  const accounts = createAccounts(settings, { sources, store, clock, logger, metrics });

  const exchanges = new Exchanges();
  const failures = new RepeatedLog(logger);
  const lanes = createLanes(settings);
  const serve = createHandler({
    guard: createGuard({
      hosts: ourHosts(settings),
      allowPaths: settings.allowPaths,
      denyPaths: settings.denyPaths,
      pseudonym,
    }),
    accounts,
    bodies: new BodyReceiver(
      { bodyBytes: settings.replayBodyLimitBytes, memoryBytes: settings.replayMemoryLimitBytes },
      settings.idleTimeoutMs,
    ),
    placeholders: new Placeholders(settings.clientKey),
    clientKey: settings.clientKey,
    tokenEndpoints: settings.tokenEndpoints,
    ...lanes,
    exchanges,
    metrics,
    logger,
    failures,
    via,
  });

  const maxConnections = connectionBudget(descriptorLimit(), settings.maxConnections);
  const data = createDataListener({
    serve,
    silent: (socket) => endSilence(socket, exchanges),
    refuse: (socket, status, why) =>
      void refuseRaw(socket, status, why, { exchanges, metrics, logger }),
    isIdle: (socket) => exchanges.isIdle(socket),
    idleTimeoutMs: settings.idleTimeoutMs,
    keepAliveMs: KEEP_ALIVE_MS,
    maxConnections,
    full: () =>
      failures.say(
        'warn',
        'connections',
        { maxConnections },
        'an app was turned away: there are as many connections as the limit of open files allows (ulimit -n)',
      ),
  });

  const readiness = new Readiness(
    () => accounts.defaultAppid === undefined || accounts.default?.tokens.usable !== undefined,
  );
  const status = new StatusReport({ accounts, readiness, metrics, clock });
  const admin = createAdminListener({
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.text(),
    }),
    readiness: () => readiness.state,
    status: () => status.current(),
  });

  let unfollow = (): void => {};
  return {
    async start() {
      const bound = {
        admin: await listen(admin, settings.adminListen),
        data: await listen(data, settings.listen),
      };
      logger.info({ version, node: process.version, ...bound }, 'listening');
      void accounts.default?.tokens.start();
      unfollow = followAccounts(settings, logger, accounts);
      return bound;
    },
    async stop() {
      await shutDown({
        readiness,
        logger,
        data,
        admin,
        exchanges,
        drainDelayMs: settings.drainDelayMs,
        drainTimeoutMs: settings.drainTimeoutMs,
      });
      status.close();
      failures.close();
      unfollow();
      accounts.close();
      await Promise.all([
        lanes.replayLane.close(),
        lanes.streamLane.close(),
        lanes.peer?.lane.close(),
        sources.close(),
        store.close(),
      ]);
    },
  };
}

/** Loopback names are always accepted; the guard knows them. */
function ourHosts({ listen: address, allowHosts }: Settings): string[] {
  const listenHost = 'host' in address && address.host !== '' ? [address.host] : [];
  return [...allowHosts, ...listenHost].map((host) => host.toLowerCase());
}
