import t from 'tap';
import { listenAddress } from '../../../../src/settings/kinds/listen-address.ts';
import { testTexts } from './test-texts.ts';

const ADDRESS = /should be host:port, :port, \[ipv6\]:port or unix:\/path/;
const SOCKET = /absolute path, such as unix:/;

testTexts(t, 'a listen address', {
  kind: listenAddress,
  good: [
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':8080', { host: '', port: 8080 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
    ['my-host.internal:80', { host: 'my-host.internal', port: 80 }],
    ['unix:/run/wxproxy.sock', { path: '/run/wxproxy.sock' }],
    ['unix:///run/wxproxy.sock', { path: '/run/wxproxy.sock' }],
  ],
  bad: [
    ['', ADDRESS],
    ['8080', ADDRESS],
    ['127.0.0.1', ADDRESS],
    ['127.0.0.1:', ADDRESS],
    ['::1:8080', ADDRESS],
    ['[::1]', ADDRESS],
    ['[::g]:80', ADDRESS],
    ['[127.0.0.1]:80', ADDRESS],
    ['*:8080', ADDRESS],
    ['http://127.0.0.1:8080', ADDRESS],
    ['127.0.0.1:8080/', ADDRESS],
    ['127.0.0.1:-1', ADDRESS],
    ['127.0.0.1:65536', /should have a port from 0 to 65535/],
    ['unix:', SOCKET],
    ['unix:/', SOCKET],
    ['unix:run/x.sock', SOCKET],
    ['unix:/run/', SOCKET],
    [`unix:/${'x'.repeat(107)}`, /at most 107 bytes/],
  ],
});
