# shellcheck shell=bash
# The pod that verify-image.sh runs: its manifest, and the files of the app in it.

# WeChat, the proxy and an app that knows nothing of tokens, as in the sidecar's manifest.
pod_manifest() {
  local hardened='securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}'
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $POD}
spec:
  restartPolicy: Never
  containers:
    - name: wechat
      image: $IMAGE
      args: [simulate, --port, '9080']
      $hardened
    - name: proxy
      image: $IMAGE
      env:
        - {name: WXPROXY_UPSTREAM, value: 'http://127.0.0.1:9080'}
        - {name: WECHAT_APPID, value: wx0123456789abcdef}
        - {name: WECHAT_APPSECRET_FILE, value: /run/secrets/wechat-token-proxy/appsecret}
        - {name: WXPROXY_ADMIN_LISTEN, value: ':9464'}
        - {name: WXPROXY_DRAIN_TIMEOUT, value: 5s}
      volumeMounts:
        - {name: secret, mountPath: /run/secrets/wechat-token-proxy, readOnly: true}
      $hardened
    - name: app
      image: $IMAGE
      command: [$NODE, /scripts/app.mjs]
      volumeMounts:
        - {name: scripts, mountPath: /scripts, readOnly: true}
      $hardened
  volumes:
    - {name: secret, hostPath: {path: $DIR/secret}}
    - {name: scripts, hostPath: {path: $DIR/scripts}}
EOF
}

write_pod_files() {
  rm -rf "$DIR/secret" "$DIR/scripts"
  mkdir -p "$DIR/secret" "$DIR/scripts"
  # The simulator's made-up account.
  echo 0123456789abcdef0123456789abcdef >"$DIR/secret/appsecret"
  cat >"$DIR/scripts/app.mjs" <<'EOF'
process.on('SIGTERM', () => process.exit(0));
const call = async () => (await (await fetch('http://127.0.0.1:8080/cgi-bin/getcallbackip')).json()).ip_list;
for (let left = 100; ; left--) {
  try {
    if (Array.isArray(await call())) break;
  } catch (error) {
    if (left === 0) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log('first call: ok');
await fetch('http://127.0.0.1:9080/__simulator/rotate', { method: 'POST' });
const answered = Array.isArray(await call());
const metrics = await (await fetch('http://127.0.0.1:9464/metrics')).text();
const replayed = /^wxproxy_replays_total\{[^}]*outcome="ok"[^}]*\} 1$/m.test(metrics);
console.log(`after a rotation: ${answered && replayed ? 'ok' : 'failed'}`);
setInterval(() => {}, 60_000);
EOF
  chmod -R a+rX "$DIR/secret" "$DIR/scripts"
  pod_manifest >"$DIR/pod.yaml"
}
