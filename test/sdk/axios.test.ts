import { load } from './packages.ts';
import { form, plainClient, streamedForm } from './plain.ts';
import { keepPromises } from './promises.ts';

interface Axios {
  request(config: object): Promise<{ readonly data: Buffer }>;
}

const axios = load('axios') as Axios;

async function send(config: object): Promise<Buffer> {
  return (await axios.request({ responseType: 'arraybuffer', ...config })).data;
}

const open = plainClient({
  get: (url, headers) => send({ url, headers }),
  postJson: (url, headers, data) => send({ method: 'POST', url, headers, data }),
  upload: (url, headers, file) => send({ method: 'POST', url, headers, data: form(file) }),
  uploadChunked: (url, headers, file) => {
    const { contentType, body: data } = streamedForm(file);
    // It follows redirects unless told not to, and would hold the stream to be able to.
    const maxRedirects = 0;
    headers = { ...headers, 'content-type': contentType };
    return send({ method: 'POST', url, headers, data, maxRedirects });
  },
});

keepPromises({ name: 'axios', token: 'none', open });
