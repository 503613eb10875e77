/** What the figures were made on. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Machine } from './results.ts';

export function describeMachine(coresUsed: Machine['coresUsed']): Machine {
  return {
    cpu: (cpus()[0]?.model.trim() ?? 'unknown') + x86Model(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    os: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    node: process.version,
    load: loadavg()[0] ?? 0,
    coresUsed,
  };
}

/** Of a virtual machine often all that tells one generation of processors from another. */
function x86Model(): string {
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  const family = /^cpu family\s*: (\d+)$/m.exec(cpuinfo)?.[1];
  const model = /^model\s*: (\d+)$/m.exec(cpuinfo)?.[1];
  return family === undefined || model === undefined ? '' : ` (family ${family}, model ${model})`;
}
