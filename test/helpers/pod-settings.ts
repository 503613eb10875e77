/** What the program makes of the environment that a manifest gives it. */
import { loadSettings } from '../../src/settings/load.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { only, type Container, type KubernetesObject } from './kubernetes-objects.ts';

export const SECRETS = '/run/secrets/wechat-token-proxy';

export interface PodSurroundings {
  /** Where the ConfigMaps are, the user's own too. */
  readonly objects: readonly KubernetesObject[];
  /** Stands for the folder of secrets. */
  readonly secrets: string;
  /** What `valueFrom` gives, by the variable's name. */
  readonly given?: Readonly<Record<string, string>>;
}

/**
 * The settings of a container. Variables refer to earlier ones as `$(NAME)`.
 * @throws {SettingsError} naming everything that the program does not accept
 */
export function settingsOf(
  { env = [], envFrom = [] }: Container,
  { objects, secrets, given = {} }: PodSurroundings,
): Settings {
  const variables: Record<string, string> = {};
  for (const { configMapRef } of envFrom) {
    Object.assign(variables, only(objects, 'ConfigMap', configMapRef.name).data);
  }
  for (const { name, value, valueFrom } of env) {
    const text = valueFrom === undefined ? value : given[name];
    if (text === undefined) throw new Error(`${name} gets no value`);
    variables[name] = text.replaceAll(/\$\((\w+)\)/g, (reference, of: string) => {
      const referred = variables[of];
      if (referred === undefined)
        throw new Error(`${name} refers to ${reference} before it is set`);
      return referred;
    });
  }
  const readable = Object.entries(variables).map(([name, text]) => [
    name,
    text.replace(SECRETS, secrets),
  ]);
  return loadSettings({ argv: [], env: Object.fromEntries(readable) as Record<string, string> });
}
