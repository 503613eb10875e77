import t from 'tap';
import { only, podTemplate, proxyContainer } from '../helpers/kubernetes-objects.ts';
import type { KubernetesObject } from '../helpers/kubernetes-objects.ts';
import { k8s, requireKustomize } from '../helpers/kustomize.ts';
import { settingsOf } from '../helpers/pod-settings.ts';

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

function selects(name: string) {
  return { 'app.kubernetes.io/name': name };
}
