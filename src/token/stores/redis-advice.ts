/** What Redis' refusals mean, and what whoever runs the proxy does about them. */

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^WRONGPASS|invalid username-password|^ERR invalid password/,
    'Redis knows no such user with this password; put the right ones into WXPROXY_TOKEN_STORE',
  ],
  [/^NOAUTH/, 'Redis wants a password, and WXPROXY_TOKEN_STORE has none; put it there'],
  [
    /^ERR (?:AUTH <password> called without any password|Client sent AUTH, but no password)/,
    'Redis has no password, and one is given: take it out of WXPROXY_TOKEN_STORE',
  ],
  [
    /^ERR (?:DB index|invalid DB index)/,
    'Redis has no such database: name another one at the end of WXPROXY_TOKEN_STORE',
  ],
  [
    /^NOPERM.*'select'/,
    'the Redis user may not choose a database: grant it +select, or name no database in WXPROXY_TOKEN_STORE',
  ],
  [
    /^NOPERM|executing the script can't run this command|^ERR ACL failure in script|^NOSCRIPT/,
    'the Redis user may not do all that is needed: grant it +eval and the other commands, on the keys ~wxproxy:*, as docs/topologies.md has them',
  ],
  [/^OOM/, 'Redis is full: give it more maxmemory, or fewer keys'],
  [
    /^WRONGTYPE/,
    'somebody else uses the keys wxproxy:* in this Redis: delete them, or name a database of its own in WXPROXY_TOKEN_STORE',
  ],
  [
    /^(?:MOVED|ASK|CROSSSLOT)\b/,
    'this is one node of a Redis Cluster: give the address of a single server in WXPROXY_TOKEN_STORE',
  ],
  [
    /^ERR unknown command/,
    'this Redis lacks a command that is needed: allow EVAL and what docs/topologies.md names',
  ],
];

/** @param words Redis' own */
export function adviceFor(words: string): string {
  const found = ADVICE.find(([pattern]) => pattern.test(words));
  return found?.[1] ?? 'Redis refuses what it was asked for';
}
