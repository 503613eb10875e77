/**
 * Loaded into the real program before all else: keeps something of every request for ever, to show
 * that the soak would notice.
 */
import { subscribe } from 'node:diagnostics_channel';

const kept: string[] = [];
subscribe('http.server.request.start', () => {
  kept.push(Buffer.alloc(8 * 1024, `${kept.length} `).toString('latin1'));
});
