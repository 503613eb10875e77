// The yardstick: the least that a relay of common parts can do. Node's HTTP server in, one `dispatch` of an
// undici Pool out, the token in the query, small bodies collected and written in one go. It checks
// nothing, counts nothing and looks into nothing.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { connections, port, upstream, withToken } from './settings.mjs';

/** A body up to here is collected; a larger one streams. */
const SMALL_BYTES = 64 * 1024;

const host = new URL(upstream).host;
const pool = new Pool(upstream, { connections, pipelining: 1, allowH2: false });

createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  const length = Number(req.headers['content-length'] ?? 0);
  if (length === 0) return relay(req, res, null);
  if (length > SMALL_BYTES) return relay(req, res, req);
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => relay(req, res, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
}).listen(port, '127.0.0.1');

function relay(req, res, body) {
  const headers = forwarded(req.rawHeaders);
  headers.push('host', host);
  pool.dispatch({ method: req.method, path: withToken(req.url), headers, body }, new Answer(res));
}

function forwarded(raw) {
  const kept = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase();
    if (name !== 'host' && name !== 'connection') kept.push(raw[i], raw[i + 1]);
  }
  return kept;
}

class Answer {
  #res;
  #small = false;
  #chunks = [];

  constructor(res) {
    this.#res = res;
  }

  onRequestStart() {}

  onResponseStart(controller, status, headers, reason) {
    this.#small = Number(headers['content-length']) <= SMALL_BYTES;
    const kept = [];
    const { rawHeaders } = controller;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i].latin1Slice();
      if (name.length === 10 && name.toLowerCase() === 'connection') continue;
      kept.push(name, rawHeaders[i + 1].latin1Slice());
    }
    this.#res.writeHead(status, reason, kept);
  }

  onResponseData(controller, chunk) {
    if (this.#small) {
      this.#chunks.push(chunk);
    } else if (!this.#res.write(chunk)) {
      controller.pause();
      this.#res.once('drain', () => controller.resume());
    }
  }

  onResponseEnd() {
    if (!this.#small) {
      this.#res.end();
      return;
    }
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    // Latin-1 text keeps every byte and leaves in one write with the head, which a Buffer does not.
    this.#res.end(body.latin1Slice(), 'latin1');
  }

  onResponseError() {
    this.#res.destroy();
  }
}
