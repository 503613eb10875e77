import replyFrom from '@fastify/reply-from';
import fastify from 'fastify';
import { connections, port, upstream, withToken } from './settings.mjs';

const app = fastify({ keepAliveTimeout: 65_000 });
app.register(replyFrom, {
  base: upstream,
  // Unless told, it verifies nothing.
  undici: { connections, pipelining: 1, tls: { rejectUnauthorized: true } },
  disableRequestLogging: true,
});
// Bodies pass as they are.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (_request, body, done) => done(null, body));
// By the query alone, so that it finds the path in its cache of URLs.
const rewritten = { queryString: (_search, url) => withToken(url).slice(url.indexOf('?') + 1) };
app.all('/*', (_request, reply) => reply.from(undefined, rewritten));
await app.listen({ port, host: '127.0.0.1' });
