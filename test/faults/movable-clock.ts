/**
 * Gives the real program clocks that a test can move: loaded into it ahead of its main module. It
 * follows the file that WXTEST_CLOCK names: by how many ms the wall clock and the monotonic one are
 * off. Timers keep the machine's time, as they do when somebody sets the clock.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.env['WXTEST_CLOCK'] ?? '';
const wallNow = Date.now.bind(Date);
const monotonicNow = performance.now.bind(performance);
let seen = '';
let wallMs = 0;
let monotonicMs = 0;

function follow(): void {
  const text = readFileSync(file, 'utf8');
  if (text === seen || !text.endsWith('\n')) return;
  [wallMs = 0, monotonicMs = 0] = text.trim().split(' ').map(Number);
  seen = text;
  writeFileSync(`${file}.seen`, text);
}

if (file !== '') {
  follow();
  setInterval(follow, 10).unref();
  Date.now = () => wallNow() + wallMs;
  performance.now = () => monotonicNow() + monotonicMs;
}
