/** nginx and haproxy as Debian ships them: one worker, the token put into the query. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONNECTION_LIMIT, type Command, type Contender, type Place } from './contender.ts';

export const nginx: Contender = {
  name: 'nginx',
  kind: 'native',
  ...installed('nginx', ['-v'], /nginx\/([\d.]+)/, 'nginx-light'),
  command: (place) => started(place, 'nginx.conf', nginxConfiguration(place), nginxCommand(place)),
};

export const haproxy: Contender = {
  name: 'haproxy',
  kind: 'native',
  ...installed('haproxy', ['-v'], /version ([\d.]+)/, 'haproxy'),
  command: (place) =>
    // -db: one process, in the foreground.
    started(place, 'haproxy.cfg', haproxyConfiguration(place), (file) => [
      'haproxy',
      '-db',
      '-f',
      file,
    ]),
};

function installed(
  program: string,
  argv: readonly string[],
  pattern: RegExp,
  debianPackage: string,
): { readonly version: string; readonly missing?: string } {
  const missing = `there is no ${program} (Debian: apt-get install ${debianPackage})`;
  try {
    // nginx says its version on standard error, haproxy on standard output.
    const said = execFileSync('/bin/sh', ['-c', `${program} ${argv.join(' ')} 2>&1`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const version = pattern.exec(said)?.[1];
    return version === undefined ? { version: '', missing } : { version: `${program} ${version}` };
  } catch {
    return { version: '', missing };
  }
}

function started(
  { directory }: Place,
  name: string,
  configuration: string,
  argv: (file: string) => Command['argv'],
): Command {
  const file = join(directory, name);
  writeFileSync(file, configuration);
  return { argv: argv(file), env: {} };
}

function nginxCommand({ directory }: Place): (file: string) => Command['argv'] {
  return (file) => ['nginx', '-p', directory, '-e', join(directory, 'error.log'), '-c', file];
}

function nginxConfiguration({ directory, port, upstream, caFile, token }: Place): string {
  return `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${directory}/nginx.pid;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path ${directory}/client;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  map $args $with_token {
    "" "access_token=${token}";
    default "$args&access_token=${token}";
  }
  upstream wechat {
    server ${upstream};
    keepalive ${CONNECTION_LIMIT};
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    client_max_body_size 20m;
    location / {
      set $args $with_token;
      proxy_pass https://wechat;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host ${upstream};
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${caFile};
      proxy_ssl_name localhost;
      # As the others do: no body goes by way of a file.
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}
`;
}

function haproxyConfiguration({ port, upstream, caFile, token }: Place): string {
  return `
global
  nbthread 1
  maxconn 2048
defaults
  mode http
  timeout connect 5s
  timeout client 65s
  timeout server 60s
  http-reuse always
frontend app
  bind 127.0.0.1:${port}
  http-request set-header Host ${upstream}
  http-request set-query %[query]&access_token=${token} if { query -m found }
  http-request set-query access_token=${token} unless { query -m sub access_token= }
  default_backend wechat
backend wechat
  server upstream ${upstream} ssl verify required ca-file ${caFile} verifyhost localhost maxconn ${CONNECTION_LIMIT} pool-max-conn -1 pool-purge-delay 60s
`;
}
