import { load } from './packages.ts';
import { form, plainClient, streamedForm } from './plain.ts';
import { keepPromises } from './promises.ts';

const { got } = load('got') as {
  readonly got: (url: string, options: object) => { buffer(): Promise<Buffer> };
};

const open = plainClient({
  get: (url, headers) => got(url, { headers }).buffer(),
  postJson: (url, headers, json) => got(url, { method: 'POST', headers, json }).buffer(),
  upload: (url, headers, file) => got(url, { method: 'POST', headers, body: form(file) }).buffer(),
  uploadChunked: (url, headers, file) => {
    const { contentType, body } = streamedForm(file);
    headers = { ...headers, 'content-type': contentType };
    return got(url, { method: 'POST', headers, body }).buffer();
  },
});

keepPromises({ name: 'got', token: 'none', open });
