/** The parts of Kubernetes objects that the tests look at. */

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

export interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly EnvironmentVariable[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly securityContext?: SecurityContext;
    readonly terminationGracePeriodSeconds?: number;
    readonly volumes?: readonly {
      readonly name: string;
      readonly secret?: { defaultMode: number };
    }[];
  };
}

/** The one object of a kind and, where given, a name. @throws if there is none, or another one */
export function only(
  objects: readonly KubernetesObject[],
  kind: string,
  name?: string,
): KubernetesObject {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`);
  return found[0] as KubernetesObject;
}

/** What a Deployment makes pods from. */
export function podTemplate({ spec }: KubernetesObject): PodTemplate {
  return (spec as { readonly template: PodTemplate }).template;
}

/** The proxy's container, wherever it is in the pod. */
export function proxyContainer({ spec }: PodTemplate): Container {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const proxy = all.find(({ name }) => name === 'wechat-token-proxy');
  if (proxy === undefined) throw new Error('there is no proxy in this pod');
  return proxy;
}
