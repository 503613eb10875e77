/**
 * What Kubernetes would refuse, or drop without a word: judged by the validators that
 * `kubernetes-models` compiled from the schemas of Kubernetes and of the Prometheus operator.
 */
import type { KubernetesObject } from './kubernetes-objects.ts';

interface Model {
  readonly prototype: { validate(this: object): void };
}

/** @returns a line for each fault; none for an object that is right */
export async function schemaFaults(object: KubernetesObject): Promise<string[]> {
  const { apiVersion, kind } = object;
  const models = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  const module = (await import(`${models}/${apiVersion}/${kind}`)) as Record<string, Model>;
  const { witness, unread } = watch(object);
  const faults: string[] = [];
  try {
    (module[kind] as Model).prototype.validate.call(witness);
  } catch (error) {
    faults.push((error as Error).message);
  }
  return [...faults, ...unread().map((path) => `${path}: no such field`)];
}

/** A validator reads every field that its schema has: what it does not look at, Kubernetes has not. */
function watch(root: object): { witness: object; unread: () => string[] } {
  const read = new Set<string>();
  const wrap = (target: object, path: string): object =>
    new Proxy(target, {
      get(_, key, receiver): unknown {
        const value: unknown = Reflect.get(target, key, receiver);
        if (typeof key === 'symbol') return value;
        read.add(`${path}/${key}`);
        return isObject(value) ? wrap(value, `${path}/${key}`) : value;
      },
      // How a validator goes through a map, such as labels: its keys are anybody's choice.
      ownKeys() {
        for (const key of Object.keys(target)) read.add(`${path}/${key}`);
        return Reflect.ownKeys(target);
      },
    });
  const pathsOf = (value: unknown, path: string): string[] =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, inner]) => [
          `${path}/${key}`,
          ...pathsOf(inner, `${path}/${key}`),
        ])
      : [];
  return {
    witness: wrap(root, ''),
    unread: () =>
      pathsOf(root, '').filter(
        (path) => !read.has(path) && read.has(path.slice(0, path.lastIndexOf('/')) || path),
      ),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
