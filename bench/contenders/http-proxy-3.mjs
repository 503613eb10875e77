import { createServer } from 'node:http';
import { Agent } from 'node:https';
import httpProxy from 'http-proxy-3';
import { connections, port, upstream, withToken } from './settings.mjs';

const proxy = httpProxy.createProxyServer({
  target: upstream,
  agent: new Agent({ keepAlive: true, maxSockets: connections }),
  changeOrigin: true,
});
proxy.on('error', (_error, _req, res) => res.destroy());

createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  req.url = withToken(req.url);
  proxy.web(req, res);
}).listen(port, '127.0.0.1');
