import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { createProxyServer } from 'httpxy';
import { connections, port, upstream, withToken } from './settings.mjs';

const proxy = createProxyServer({
  target: upstream,
  agent: new Agent({ keepAlive: true, maxSockets: connections }),
  changeOrigin: true,
});

createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  req.url = withToken(req.url);
  proxy.web(req, res).catch(() => res.destroy());
}).listen(port, '127.0.0.1');
