import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import t, { type Test } from 'tap';
import { podTemplate, only, proxyContainer } from '../helpers/kubernetes-objects.ts';
import { k8s, requireKustomize, type Kustomize } from '../helpers/kustomize.ts';
import { SECRETS, settingsOf } from '../helpers/pod-settings.ts';

const root = new URL('../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  version: string;
};

t.test('the example: a native sidecar that the app starts and ends with', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await kustomize(k8s('example'));
  const template = podTemplate(only(objects, 'Deployment'));
  const { spec, metadata } = template;
  const proxy = proxyContainer(template);

  t.test(
    'it is an init container that goes on running, and the app is left as it was',
    async (t) => {
      t.strictSame(spec.initContainers, [proxy]);
      t.equal(proxy.restartPolicy, 'Always');
      t.strictSame(
        spec.containers.map(({ name }) => name),
        ['app'],
      );
      t.equal(metadata.labels['wechat-token-proxy'], 'sidecar', 'the PodMonitor finds it');
      t.equal(proxy.image, `wechat-token-proxy:${version}`);
    },
  );

  t.test('the program accepts its settings: data on loopback, metrics on the pod', async (t) => {
    const secrets = t.testdir({ appsecret: 'made-up\n' });
    const settings = settingsOf(proxy, { objects, secrets });
    t.match(settings.listen, { host: '127.0.0.1' });
    t.match(settings.adminListen, { host: '', port: 9464 });
    t.strictSame(proxy.ports, [{ name: 'wxproxy-admin', containerPort: 9464 }]);
    const app = spec.containers[0]?.env?.find(({ name }) => name === 'WECHAT_BASE_URL');
    const { port } = settings.listen as { port: number };
    t.equal(app?.value, `http://127.0.0.1:${port}`);
    t.not(port, 8080, 'which is where apps listen');
    const graceS = spec.terminationGracePeriodSeconds ?? 30;
    const drainS = (settings.drainDelayMs + settings.drainTimeoutMs) / 1000;
    t.ok(drainS <= graceS / 3, `${drainS} s to drain leave the app most of ${graceS} s`);
  });

  t.test('the secret is a file that only the proxy mounts and its user can read', async (t) => {
    const mounted = spec.volumes?.find(({ secret }) => secret !== undefined);
    t.equal(mounted?.secret?.defaultMode, 0o444);
    t.match(proxy.volumeMounts, [{ name: mounted?.name, mountPath: SECRETS }]);
    t.notOk(spec.containers.some(({ volumeMounts }) => volumeMounts !== undefined));
    t.notOk(JSON.stringify(proxy.env).includes('secretKeyRef'));
  });

  t.test('the app waits for the first token; nothing else depends on WeChat', async (t) => {
    const command = [...entrypoint(), 'healthcheck'];
    t.strictSame(proxy.startupProbe?.exec?.command, [...command, '--ready']);
    t.match(proxy.livenessProbe, { httpGet: { path: '/healthz', port: 'wxproxy-admin' } });
    t.equal(proxy.readinessProbe, undefined);
  });
});

t.test('the component adds the proxy to any Deployment, unless that says no', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await build(t, kustomize, ['sidecar']);
  const { initContainers = [] } = podTemplate(only(objects, 'Deployment', 'with')).spec;
  t.strictSame(
    initContainers.map(({ name }) => name).toSorted(),
    ['migrate', 'wechat-token-proxy'],
    'beside the init containers that are there',
  );
  t.equal(initContainers[0]?.name, 'wechat-token-proxy', 'before them: they may call WeChat too');
  t.equal(podTemplate(only(objects, 'Deployment', 'without')).spec.initContainers, undefined);
});

t.test('start-anyway: the app waits for the proxy, not for WeChat', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await build(t, kustomize, ['sidecar', 'sidecar/start-anyway']);
  const { startupProbe } = proxyContainer(podTemplate(only(objects, 'Deployment', 'with')));
  t.strictSame(startupProbe?.exec?.command, [...entrypoint(), 'healthcheck']);
  t.equal(podTemplate(only(objects, 'Deployment', 'without')).spec.initContainers, undefined);
});

/** What the image starts, without Node's flags: a probe serves nobody. */
function entrypoint(): readonly string[] {
  const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
  return JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] as string).filter(
    (part: string) => !part.startsWith('--'),
  ) as string[];
}

/** Two Deployments that know nothing of the proxy; one is labelled to stay without. */
function build(t: Test, kustomize: Kustomize, components: readonly string[]) {
  const deployment = (name: string, labels: object, extra: object): string =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { ...extra, containers: [{ name: 'app', image: 'app' }] },
        },
      },
    });
  const folder = t.testdirName;
  t.testdir({
    'with.yaml': deployment('with', {}, { initContainers: [{ name: 'migrate', image: 'app' }] }),
    'without.yaml': deployment('without', { 'wechat-token-proxy': 'none' }, {}),
    'kustomization.yaml': JSON.stringify({
      resources: ['with.yaml', 'without.yaml'],
      components: components.map((component) => relative(folder, k8s(component))),
    }),
  });
  return kustomize(folder);
}
