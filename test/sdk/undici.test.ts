import type { Readable } from 'node:stream';
import { load } from './packages.ts';
import { form, plainClient, streamedForm } from './plain.ts';
import { keepPromises } from './promises.ts';

interface Options {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable | FormData;
}

const { request } = load('undici') as {
  readonly request: (
    url: string,
    options: Options,
  ) => Promise<{ statusCode: number; body: { arrayBuffer(): Promise<ArrayBuffer> } }>;
};

async function send(url: string, options: Options): Promise<Buffer> {
  const answer = await request(url, options);
  const body = Buffer.from(await answer.body.arrayBuffer());
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${body.toString()}`);
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
      body,
    });
  },
});

keepPromises({ name: 'undici', token: 'none', open });
