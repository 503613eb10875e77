/** What Redis decides itself, in Lua, each for one account. Numbers come and go as text. */

/**
 * ARGV: generation, value, expiresAt, ms to keep it. Refuses an older generation, and another value
 * of the same one. @returns value, expiresAt and generation that are held afterwards
 */
export const SAVE = `
local generation = tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') or 0
local value = redis.call('HGET', KEYS[1], 'value')
if generation > tonumber(ARGV[1]) or (generation == tonumber(ARGV[1]) and value and value ~= ARGV[2]) then
  return redis.call('HMGET', KEYS[1], 'value', 'expiresAt', 'generation')
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'value', ARGV[2], 'expiresAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[2], ARGV[3], ARGV[1]}`;

/**
 * ARGV: generation (0 ends the cool-down), until, length, ms to keep it. Refuses one of an older
 * generation, and one that would end before another of the same generation does.
 */
export const SAVE_COOLDOWN = `
if ARGV[1] == '0' then return redis.call('HDEL', KEYS[1], 'cooldown') end
local generation, till = string.match(redis.call('HGET', KEYS[1], 'cooldown') or '', '^(%d+) ([%d.]+)')
if generation and (tonumber(generation) > tonumber(ARGV[1])
    or (generation == ARGV[1] and tonumber(till) > tonumber(ARGV[2]))) then
  return 0
end
redis.call('HSET', KEYS[1], 'cooldown', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`;

/**
 * Does on KEYS[1] what the other scripts do, and leaves nothing there. Fails where the user may not
 * do all of it, or there is no memory for it; what is there then is gone within a second.
 */
export const REHEARSE = `
local key = KEYS[1]
-- First: a script that has already written something is not refused for want of memory any more.
redis.call('SET', key, '1', 'PX', 1000)
redis.call('PEXPIRE', key, 1000)
redis.call('GET', key)
redis.call('DEL', key)
redis.call('HSET', key, 'a', '1')
redis.call('PEXPIRE', key, 1000)
redis.call('HGET', key, 'a')
redis.call('HMGET', key, 'a')
redis.call('HDEL', key, 'a')
redis.call('ZADD', key, 1, 'a')
redis.call('PEXPIRE', key, 1000)
redis.call('ZRANGE', key, -1, -1)
redis.call('ZCARD', key)
redis.call('ZREMRANGEBYSCORE', key, '-inf', 1)
return 1`;

/**
 * KEYS: the lock, one to rehearse on. ARGV: owner, ms it lives. Who could not save under the lock,
 * or end it, does not get it: the fleet would wait for nothing. @returns 1 where it is taken
 */
export const LOCK = `
if redis.call('GET', KEYS[1]) then return 0 end
local taken = (function(KEYS) ${REHEARSE} end)({KEYS[2]})
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return taken`;

/** ARGV: owner. The lock ends only for whoever holds it. */
export const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** ARGV: now, ms of a day, ms between two, most a day. @returns 1 where one was taken */
export const TAKE_FORCE = `
local now, day, apart, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - day)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if redis.call('ZCARD', KEYS[1]) >= most then return 0 end
if last[2] and now - tonumber(last[2]) < apart then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], day)
return 1`;
