// The status page: asks for status.json every two seconds and draws it. No library, no framework.
'use strict';

const EVERY_MS = 2000;

/** @returns an element; text only, so that nothing of what is shown can be markup */
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function plot(name, points, everyMs) {
  const perSecond = points.map((count) => (count * 1000) / everyMs);
  const top = Math.max(...perSecond, 0);
  // A line of nothing lies at the bottom, and a trickle does not look like a flood.
  const scale = Math.max(top, 1);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${Math.max(points.length - 1, 1)} 10`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', name);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  line.setAttribute('points', perSecond.map((v, i) => `${i},${9.5 - (v / scale) * 9}`).join(' '));
  svg.append(line);
  const now = perSecond.at(-1) ?? 0;
  const minutes = Math.round((points.length * everyMs) / 60000);
  return make(
    'div',
    '',
    make('dt', '', `${name}, last ${minutes} min`),
    make(
      'dd',
      '',
      svg,
      make('span', 'faint', `${now.toFixed(1)}/s now, ${top.toFixed(1)}/s at the top`),
    ),
  );
}

function fact(name, value, className) {
  return make('div', '', make('dt', '', name), make('dd', className ?? '', value));
}

function tokenBar(account, now) {
  if (!account.expiresAt || account.expiresAt <= now) return make('div', 'bar bad');
  const life = Math.max(account.expiresAt - account.issuedAt, 1);
  const left = Math.max(0, Math.min(1, (account.expiresAt - now) / life));
  const fill = make('i', '');
  fill.style.width = `${(left * 100).toFixed(1)}%`;
  return make('div', `bar ${left < 0.02 ? 'bad' : left < 0.04 ? 'warn' : ''}`, fill);
}

function tokenWords(account, now) {
  if (!account.expiresAt) return ['no token', 'bad'];
  const left = account.expiresAt - now;
  return left > 0
    ? [`expires in ${duration(left)}`, 'good']
    : [`expired ${duration(-left)} ago`, 'bad'];
}

function accountCard(account, status) {
  const { now } = status;
  const [words, tone] = tokenWords(account, now);
  const last = account.lastRefresh;
  const card = make(
    'section',
    '',
    make('div', 'head', make('h2', '', account.appid), make('span', `state ${tone}`, words)),
    tokenBar(account, now),
    make(
      'dl',
      '',
      fact('Token age', account.issuedAt ? duration(now - account.issuedAt) : 'none'),
      fact(
        'Last refresh',
        last ? `${last.outcome} (${last.trigger}), ${duration(now - last.at)} ago` : 'none yet',
        last && last.outcome === 'failed' ? 'bad' : '',
      ),
      plot('Requests', account.requests, status.everyMs),
      plot('Replays', account.replays, status.everyMs),
    ),
  );
  if (account.lastError) {
    const ago = duration(now - account.lastError.at);
    card.append(
      make('div', 'error', `${account.lastError.message} `, make('span', 'faint', `${ago} ago`)),
    );
  }
  return card;
}

function health(name, ok, words) {
  return fact(name, words, ok ? 'good' : 'bad');
}

function draw(status) {
  const state = document.getElementById('state');
  state.textContent = status.why;
  state.className = `state ${status.ready ? 'good' : 'bad'}`;
  document.title = `${status.ready ? '●' : '○'} wechat-token-proxy`;
  document.getElementById('about').textContent =
    `${status.version} · up ${duration(status.uptimeMs)} · ${status.requestsInFlight} in flight`;
  document
    .getElementById('health')
    .replaceChildren(
      make(
        'section',
        '',
        make(
          'dl',
          '',
          health('Upstream', status.upstream.ok, status.upstream.words),
          health('Token store', status.store.ok, status.store.words),
        ),
      ),
    );
  document
    .getElementById('accounts')
    .replaceChildren(...status.accounts.map((account) => accountCard(account, status)));
  document.getElementById('more').textContent =
    status.moreAccounts > 0 ? `and ${status.moreAccounts} more accounts in use: see /metrics` : '';
}

async function refresh() {
  try {
    const answer = await fetch('status.json', { cache: 'no-store' });
    draw(await answer.json());
  } catch {
    const state = document.getElementById('state');
    state.textContent = 'the proxy does not answer';
    state.className = 'state bad';
  }
  setTimeout(() => void refresh(), EVERY_MS);
}

void refresh();
