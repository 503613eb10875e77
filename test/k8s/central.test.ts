import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { only, podTemplate, proxyContainer } from '../helpers/kubernetes-objects.ts';
import type { KubernetesObject } from '../helpers/kubernetes-objects.ts';
import { k8s, requireKustomize } from '../helpers/kustomize.ts';
import { settingsOf } from '../helpers/pod-settings.ts';
import { requireProgram } from '../helpers/programs.ts';
import { until } from '../helpers/proxy.ts';

const account: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'wechat-token-proxy-central' },
  data: {
    WECHAT_APPID: 'wx0123456789abcdef',
    WECHAT_APPSECRET_FILE: '/run/secrets/wechat-token-proxy/appsecret',
  },
};

for (const overlay of ['base', 'redis']) {
  t.test(`central/${overlay}: issues tokens behind a key, under the Service's names`, async (t) => {
    const kustomize = await requireKustomize(t);
    if (kustomize === undefined) return;
    const objects = [...(await kustomize(k8s(`central/${overlay}`))), account];
    const template = podTemplate(only(objects, 'Deployment', 'wechat-token-proxy'));
    const proxy = proxyContainer(template);
    const settings = settingsOf(proxy, {
      objects,
      secrets: t.testdir({ appsecret: 'made-up\n', 'client-key': 'made-up-too\n' }),
      given: { POD_NAMESPACE: 'shop', REDIS_PASSWORD: 'made-up-as-well' },
    });
    t.match(settings, {
      tokenEndpoints: 'issue',
      listen: { host: '', port: 8080 },
      adminListen: { host: '', port: 9464 },
      tokenStore: { kind: overlay === 'redis' ? 'redis' : 'memory' },
    });
    t.ok(settings.clientKey);
    t.ok(settings.allowHosts.includes('wechat-token-proxy.shop.svc'));

    t.match(proxy.readinessProbe, { httpGet: { path: '/readyz', port: 'wxproxy-admin' } });
    t.match(proxy.livenessProbe, { httpGet: { path: '/healthz', port: 'wxproxy-admin' } });
    const drainS = (settings.drainDelayMs + settings.drainTimeoutMs) / 1000;
    const graceS = template.spec.terminationGracePeriodSeconds ?? 30;
    t.ok(drainS + 5 <= graceS, `${drainS} s to drain fit into ${graceS} s`);
    const { periodSeconds = 0, failureThreshold = 0 } = proxy.readinessProbe ?? {};
    const noticedS = periodSeconds * failureThreshold;
    t.ok(noticedS * 1000 < settings.drainDelayMs, `${noticedS} s to notice that it is not ready`);
  });
}

t.test('central: policies, budget and Service select the pods that there are', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const objects = await kustomize(k8s('central/redis'));
  const labelsOf = (name: string) =>
    podTemplate(only(objects, 'Deployment', name)).metadata.labels['app.kubernetes.io/name'];
  for (const name of ['wechat-token-proxy', 'wechat-token-proxy-redis']) {
    t.equal(labelsOf(name), name);
    t.match(only(objects, 'Service', name), { spec: { selector: selects(name) } });
    t.match(only(objects, 'NetworkPolicy', name), {
      spec: { podSelector: { matchLabels: selects(name) }, policyTypes: ['Ingress', 'Egress'] },
    });
  }
  t.match(only(objects, 'PodDisruptionBudget'), {
    spec: { maxUnavailable: 1, selector: { matchLabels: selects('wechat-token-proxy') } },
  });
});

t.test('central: names are found with NodeLocal DNSCache, which is of no namespace', async (t) => {
  const kustomize = await requireKustomize(t);
  if (kustomize === undefined) return;
  const { spec } = only(await kustomize(k8s('central/base')), 'NetworkPolicy');
  const { egress } = spec as { readonly egress: readonly { readonly to: readonly object[] }[] };
  t.strictSame(egress[0]?.to, [
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ]);
  t.match(egress[0], { ports: [{ port: 53 }, { port: 53 }] });
});

t.test(
  'central/redis: the password is no argument that others on the node could read',
  async (t) => {
    const kustomize = await requireKustomize(t);
    const redisServer = requireProgram(t, 'redis-server');
    if (kustomize === undefined || redisServer === undefined) return;
    const objects = await kustomize(k8s('central/redis'));
    const template = podTemplate(only(objects, 'Deployment', 'wechat-token-proxy-redis'));
    const [program = '', ...argv] = template.spec.containers[0]?.command ?? [];
    t.notMatch(argv.join(' '), /\$\(REDIS_PASSWORD\)/, 'nor would Kubernetes make it one');
    // A socket's path has at most 107 bytes.
    const folder = mkdtempSync(join(tmpdir(), 'wxproxy-redis-'));
    const socket = join(folder, 'redis');
    const child = spawn(
      program,
      argv.map((text) => text.replace('redis-server -', `$& --port 0 --unixsocket ${socket}`)),
      {
        cwd: folder,
        env: { PATH: process.env['PATH'], REDIS_PASSWORD: 'madeup0123456789' },
        stdio: 'ignore',
      },
    );
    const exited = once(child, 'close');
    t.teardown(async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    });
    await until(
      () =>
        ask(socket, 'PING').then(
          (answer) => answer.startsWith('-NOAUTH'),
          () => false,
        ),
      'Redis listens, and wants the password',
    );
    t.match(await ask(socket, 'AUTH madeup0123456789'), /^\+OK/);
    const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
    t.match(commandLine, /^redis-server/, 'it is process 1, which gets the signals');
    t.notMatch(commandLine, 'madeup');
  },
);

/** One command, one answer. */
async function ask(path: string, command: string): Promise<string> {
  const connection = connect(path);
  connection.write(`${command}\r\n`);
  const [answer] = (await once(connection, 'data')) as [Buffer];
  connection.destroy();
  return answer.toString();
}

function selects(name: string) {
  return { 'app.kubernetes.io/name': name };
}
