import { Readable } from 'node:stream';
import { form, plainClient, streamedForm } from './plain.ts';
import { keepPromises } from './promises.ts';

async function send(url: string, init: RequestInit): Promise<Buffer> {
  const answer = await fetch(url, init);
  const body = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${answer.status} ${body.toString()}`);
  return body;
}

const open = plainClient({
  get: (url, headers) => send(url, { headers }),
  postJson: (url, headers, body) =>
    send(url, { method: 'POST', headers, body: JSON.stringify(body) }),
  upload: (url, headers, file) => send(url, { method: 'POST', headers, body: form(file) }),
  uploadChunked: (url, headers, file) => {
    const { contentType, body } = streamedForm(file);
    return send(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': contentType },
      body: Readable.toWeb(body) as ReadableStream,
      duplex: 'half',
    });
  },
});

keepPromises({ name: 'fetch', token: 'none', open });
