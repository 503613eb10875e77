import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';
import { connections, port, upstream, withToken } from './settings.mjs';

const relay = fastProxy({
  base: upstream,
  // Its faster client.
  undici: { connections, pipelining: 1 },
});

createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  relay.proxy(req, res, withToken(req.url), {});
}).listen(port, '127.0.0.1');
