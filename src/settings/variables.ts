import { didYouMean } from './did-you-mean.ts';
import { formByEnv } from './names.ts';
import type { Given, GivenBySource } from './given.ts';
import type { SettingsFault } from './settings-error.ts';
import { table } from './table.ts';

/**
 * Kubernetes gives every container variables about the Services of its namespace: one named
 * `wxproxy` or `wxproxy-admin` yields names like those of our settings.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const SERVICE_NAME = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)$/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

/**
 * Reads the settings among the variables. An unknown `WXPROXY_…` is a fault. An empty one counts as
 * not set, as compose files and templates mean it, except where a guard would silently be off.
 */
export function readVariables(env: NodeJS.ProcessEnv): GivenBySource {
  const given: Given[] = [];
  const faults: SettingsFault[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined) continue;
    const form = formByEnv.get(name);
    if (form === undefined) {
      if (isMistyped(name, text)) faults.push({ setting: name, message: unknownVariable(name) });
    } else if (text !== '' || table[form.setting].guards) {
      given.push({ form, text, source: 'env', writtenAs: name });
    }
  }
  return { given, faults };
}

function isMistyped(name: string, text: string): boolean {
  if (!/^wxproxy_/i.test(name)) return false;
  return !SERVICE_NAME.test(name) && !(name.endsWith('_PORT') && SERVICE_URL.test(text));
}

function unknownVariable(name: string): string {
  return `is no setting of this program${didYouMean(name.toUpperCase(), formByEnv.keys())}; see --help`;
}
