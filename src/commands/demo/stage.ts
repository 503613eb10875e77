import { createApp } from '../../app.ts';
import { loadSettings } from '../../settings/load.ts';
import { DEMO_ACCOUNT } from '../../simulator/demo-account.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';
import { createLogger } from '../../telemetry/logger.ts';

/** The simulated WeChat and the proxy before it. */
export interface Stage {
  readonly simulator: Simulator;
  /** `http://127.0.0.1:1234`: what an app would use as WeChat's base URL. */
  readonly data: string;
  readonly admin: string;
  stop(): Promise<void>;
}

/** Starts both on free ports of loopback. Nobody's settings but these count. */
export async function setStage(): Promise<Stage> {
  const simulator = await startSimulator();
  const settings = loadSettings({
    argv: [],
    env: {
      WECHAT_APPID: DEMO_ACCOUNT.appid,
      WECHAT_APPSECRET: DEMO_ACCOUNT.appsecret,
      WXPROXY_UPSTREAM: simulator.url,
      WXPROXY_LISTEN: '127.0.0.1:0',
      WXPROXY_ADMIN_LISTEN: '127.0.0.1:0',
      // The demo keeps token calls waiting for as long as a busy machine takes for its calls.
      WXPROXY_TOKEN_TIMEOUT: '30s',
      WXPROXY_DRAIN_TIMEOUT: '1s',
    },
  });
  const logger = await createLogger({
    level: 'silent',
    format: 'json',
    destination: { write: () => {} },
  });
  const app = await createApp(settings, { logger });
  const { data, admin } = await app.start();
  return {
    simulator,
    data,
    admin,
    async stop() {
      await app.stop();
      await simulator.stop();
    },
  };
}
