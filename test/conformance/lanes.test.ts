import t from 'tap';
import { LARGE_BODIES, onEachLane, REPLAY_LANE, STREAM_LANE } from './on-each-lane.ts';

/** Each library writes the field its own way, the only sign of who sent a request. */
const signs = [
  [REPLAY_LANE, 'connection'],
  [STREAM_LANE, 'Connection'],
  [LARGE_BODIES, 'Connection'],
] as const;

for (const [lane, sign] of signs) {
  onEachLane(t, 'the cases reach the lane that they name', { lanes: [lane] }, async (t, stage) => {
    await stage.post();
    const names = stage.upstream.requests[0]?.fields.map(([name]) => name);
    t.ok(names?.includes(sign), `sent by whoever writes "${sign}"`);
  });
}
