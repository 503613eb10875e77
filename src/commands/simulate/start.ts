import { CONTROL_PATH } from '../../simulator/control-path.ts';
import { DEMO_ACCOUNT } from '../../simulator/demo-account.ts';
import { startSimulator, type Simulator } from '../../simulator/simulator.ts';
import { listenFaultOf } from '../listen-fault.ts';
import { readOptions, SimulateUsageError, type Flags } from './flags.ts';

/** How the proxy is started from here: a checkout has no program of that name in its PATH. */
const PROXY = import.meta.url.endsWith('.ts') ? 'npm start' : 'wechat-token-proxy';

/**
 * Starts a simulator as its flags say, and says where it is and how to use it.
 * @throws {SimulateUsageError} naming every flag that is unknown or wrong, or a port that is taken
 */
export async function startFromFlags(
  argv: readonly string[],
  out: (line: string) => void,
): Promise<Simulator> {
  const { flags, options } = readOptions(argv);
  const simulator = await startSimulator(options).catch((error: NodeJS.ErrnoException) => {
    throw listenFault(error, flags);
  });
  for (const line of startText(simulator.url, flags)) out(line);
  return simulator;
}

function listenFault(error: NodeJS.ErrnoException, flags: Flags): Error {
  switch (listenFaultOf(error)) {
    case 'taken':
      return new SimulateUsageError([`--port: ${flags.port} is taken; choose another, or 0`]);
    case 'forbidden':
      return new SimulateUsageError([
        `--port: ${flags.port} is not allowed; choose one above 1023`,
      ]);
    case 'elsewhere':
      return new SimulateUsageError([`--host: ${flags.host} is not an address of this machine`]);
    default:
      return error;
  }
}

function startText(url: string, flags: Flags): readonly string[] {
  const ownSecret = flags.appsecret !== DEMO_ACCOUNT.appsecret;
  const secret = ownSecret ? '<the one you gave>' : flags.appsecret;
  return [
    `A WeChat on your desk: ${url}`,
    `  appid      ${flags.appid}`,
    `  appsecret  ${secret}${ownSecret ? '' : '  (made up, good here only)'}`,
    `  tokens     live ${flags.lifetime}; a retired one works ${flags.overlap} more`,
    '',
    'Point the proxy at it:',
    `  WXPROXY_UPSTREAM=${url} WECHAT_APPID=${flags.appid} WECHAT_APPSECRET=${secret} ${PROXY}`,
    'Take its token away, as another program with the same account would:',
    `  curl -X POST ${url}${CONTROL_PATH}/rotate`,
    'Everything else it can do:',
    `  curl ${url}${CONTROL_PATH}`,
  ];
}
