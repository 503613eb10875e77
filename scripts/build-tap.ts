// tap builds its plugins into its test class, and as it is installed that compiles TypeScript, which
// Node does by itself. Builds it again as .taprc says, unless that was done before.
import { spawnSync } from 'node:child_process';
import { t } from 'tap';

if (t.pluginSignature.includes('@tapjs/typescript')) {
  process.exitCode = spawnSync('tap', ['build'], { stdio: 'inherit' }).status ?? 1;
}
