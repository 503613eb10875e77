/** The ways to the upstream, under one connection limit. */
import type { HandlerParts } from '../proxy/handler.ts';
import { replayLane } from '../proxy/lanes/replay.ts';
import { streamLane } from '../proxy/lanes/stream.ts';
import type { Settings } from '../settings/settings.ts';

/** Uploads and code exchanges, which are streamed, get a quarter of the connections. */
export function createLanes(
  settings: Settings,
): Pick<HandlerParts, 'replayLane' | 'streamLane' | 'peer'> {
  const { maxConnections, tokenPeer } = settings;
  const streamed = Math.max(Math.floor(maxConnections / 4), 1);
  const held = Math.max(maxConnections - streamed, 1);
  return {
    replayLane: replayLane({ ...settings, maxConnections: held }),
    streamLane: streamLane({ ...settings, maxConnections: streamed }),
    // The peer holds the AppSecret that code exchanges need.
    peer: tokenPeer && {
      lane: streamLane({ ...settings, upstream: tokenPeer.url, maxConnections: streamed }),
      key: tokenPeer.key,
    },
  };
}
