import { ENDED_FOR_MS } from "../../ports/session-rows.ts";
import { KEPT_LUA } from "./shared-room.ts";

/*
 * Sessions in Redis. All of it is keys without a time to live: what has expired is found by an index and removed with its
 * places in all others, so that no list holds what is gone, and an eviction policy for keys that expire takes none.
 *
 *   headroom:s:KEY            hash   one session: n(amespace) o(wn id) c(reated) u(sed) t(imeout) e(nd) v(ersion) g: tags, d(ata)
 *   headroom:due              zset   KEY by the time it expires
 *   headroom:ended            zset   NAMESPACE by the time of its oldest end, or an earlier one
 *   headroom:ended:NAMESPACE  zset   KEY of an own id by the time it ended
 *   headroom:created|used|bytes:NAMESPACE  zset  KEY in the orders of lists
 *   headroom:tag:NAMESPACE\nTAG            zset  KEY by creation
 *   headroom:ids:NAMESPACE    zset   ID\0KEY, by bytes
 *   headroom:count:NAMESPACE  hash   count, bytes
 */
export const CHANGED_CHANNEL = "headroom:sessions:changed";

/** Removed so long after its time: a use that a node has not told yet arrives before. */
const GRACE_MS = 5_000;

/** Ends of each namespace: of more, the oldest are forgotten before their day is over. */
export const MOST_ENDS = 100_000;

/** The key of a session's hash, and what `fields` gives of it, with the data in the place of their length. */
export const hashOf = (key: string): string => `headroom:s:${key}`;
export const HASH_FIELDS = ["n", "o", "c", "u", "t", "e", "v", "g", "d"] as const;

/** Redis' own time is every node's. */
export const REDIS_TIME = `
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
`;

/** What all scripts begin with. A session's weight is what it and its places take, as used_memory grew by 10,000 of them. */
export const COMMON = `${KEPT_LUA}
local S = 'headroom:s:'
local ENDED_WEIGHT = 150
local function list(s, order) return 'headroom:' .. order .. ':' .. s.n end
local function ended(n) return 'headroom:ended:' .. n end
local function tagsOf(s) if s.g == '' then return {} end return cjson.decode(s.g) end
local function tagList(s, tag) return 'headroom:tag:' .. s.n .. '\\n' .. tag end
local function idMember(key, s) return (s.o == '' and key or s.o) .. '\\0' .. key end
local function weight(s) return 1700 + s.bytes + 3 * #s.o + 2 * #s.g + 120 * #tagsOf(s) end
local function expiry(s) return math.min(s.u + s.t, s.e) end

local function session(key)
  local f = redis.call('HMGET', S .. key, 'n', 'o', 'c', 'u', 't', 'e', 'v', 'g')
  if not f[1] then return nil end
  local s = {n = f[1], o = f[2], c = tonumber(f[3]), u = tonumber(f[4]), t = tonumber(f[5]), v = tonumber(f[7]), g = f[8]}
  s.e = f[6] == '' and math.huge or tonumber(f[6])
  s.bytes = redis.call('HSTRLEN', S .. key, 'd')
  return s
end

local function fields(s) return {s.n, s.o, s.c, s.u, s.t, s.e == math.huge and '' or s.e, s.v, s.g, s.bytes} end

-- A session that lives at this place.
local function living(key, n, o, at)
  local s = session(key)
  if s and s.n == n and s.o == o and expiry(s) > at then return s end
  return nil
end

local function slide(key, s)
  redis.call('HSET', S .. key, 'u', s.u)
  redis.call('ZADD', 'headroom:due', expiry(s), key)
  redis.call('ZADD', list(s, 'used'), s.u, key)
end

local function count(s, items, bytes)
  local key = 'headroom:count:' .. s.n
  if items ~= 0 and redis.call('HINCRBY', key, 'count', items) == 0 then redis.call('DEL', key)
  elseif bytes ~= 0 then redis.call('HINCRBY', key, 'bytes', bytes) end
end

local function remove(key, s, at)
  redis.call('DEL', S .. key)
  redis.call('ZREM', 'headroom:due', key)
  for _, order in ipairs({'created', 'used', 'bytes'}) do redis.call('ZREM', list(s, order), key) end
  redis.call('ZREM', list(s, 'ids'), idMember(key, s))
  for _, tag in ipairs(tagsOf(s)) do redis.call('ZREM', tagList(s, tag), key) end
  count(s, -1, -s.bytes)
  local kept = -weight(s)
  if s.o ~= '' then
    kept = kept + ENDED_WEIGHT * redis.call('ZADD', ended(s.n), at, key)
    redis.call('ZADD', 'headroom:ended', 'LT', at, s.n)
    local more = redis.call('ZCARD', ended(s.n)) - ${MOST_ENDS}
    if more > 0 then kept = kept - ENDED_WEIGHT * #redis.call('ZPOPMIN', ended(s.n), more) / 2 end
  end
  addKept('sessions', kept)
end

local function forgetEnd(n, key)
  if redis.call('ZREM', ended(n), key) == 1 then addKept('sessions', -ENDED_WEIGHT) end
end

-- Redis evicted the session and left its places: what they tell of it goes too. That of its own id goes when it is met.
local function forgetPlaces(n, key)
  local s = {n = n, bytes = tonumber(redis.call('ZSCORE', 'headroom:bytes:' .. n, key))}
  if not s.bytes then return end
  redis.call('ZREM', 'headroom:due', key)
  for _, order in ipairs({'created', 'used', 'bytes'}) do redis.call('ZREM', list(s, order), key) end
  redis.call('ZREM', list(s, 'ids'), key .. '\\0' .. key)
  count(s, -1, -s.bytes)
  addKept('sessions', -1700 - s.bytes)
end
`;

/** PERSIST changes nothing. After a write that needs no memory, Redis lets a script update figures in place also when it is full. */
const IN_PLACE = "redis.call('PERSIST', S .. key)";

export const TIME = "return {now()}";

export const USE = `${COMMON}
local key, at = ARGV[1], now()
local s = living(key, ARGV[2], ARGV[3], at)
if not s then return {at} end
${IN_PLACE}
s.u = math.max(s.u, at)
slide(key, s)
return {at, fields(s), redis.call('HGET', S .. key, 'd')}
`;

export const USES = `${COMMON}
local at = now()
for i = 1, #ARGV, 2 do
  local key, used = ARGV[i], at - tonumber(ARGV[i + 1])
  local s = session(key)
  if s and used > s.u and used < expiry(s) then
    ${IN_PLACE}
    s.u = used
    slide(key, s)
  end
end
return {at}
`;

/**
 * Compare and set: begins or changes a session, slides its end, keeps its places, and tells every node, in one step.
 * ARGV: key, namespace, own id, mode, version, bump, has data, data, timeout, end, has tags, tags, default timeout,
 * most bytes, past created, past used, past version.
 */
export const SAVE = `${COMMON}
local key, n, o, mode, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], now()
local found = session(key)
local live = found and expiry(found) > at and found or nil
if live and (live.n ~= n or live.o ~= o) then return {at, 'missing'} end
if mode == 'change' and not live then return {at, 'missing'} end
if live and (mode == 'begin' or mode == 'revive') then return {at, 'exists'} end
if mode == 'begin' and o ~= '' then
  local ended = tonumber(redis.call('ZSCORE', ended(n), key))
  if found or (ended and ended + ${ENDED_FOR_MS} > at) then return {at, 'ended'} end
end
if live and ARGV[5] ~= '' and tonumber(ARGV[5]) ~= live.v then return {at, 'version', live.v} end

local s
if live then
  s = {n = n, o = o, c = live.c, u = math.max(live.u, at), t = live.t, e = live.e, v = live.v, g = live.g, bytes = live.bytes}
  if ARGV[6] == '1' then s.v = s.v + 1 end
else
  local used = math.min(tonumber(ARGV[16]) or at, at)
  s = {n = n, o = o, c = math.min(tonumber(ARGV[15]) or at, used), u = used, t = tonumber(ARGV[13]), e = math.huge,
    v = tonumber(ARGV[17]) or 1, g = '', bytes = 0}
end
if ARGV[9] ~= '' then s.t = tonumber(ARGV[9]) end
if ARGV[10] == 'inf' then s.e = math.huge elseif ARGV[10] ~= '' then s.e = tonumber(ARGV[10]) end
if ARGV[11] == '1' then s.g = ARGV[12] end
if ARGV[7] == '1' then s.bytes = #ARGV[8] end
if expiry(s) <= at then return {at, 'over'} end

local before = live and weight(live) or 0
if weight(s) > before and keptOf('sessions') + weight(s) - before > tonumber(ARGV[14]) then return {at, 'full'} end

-- What grows begins with a write that needs memory: where there is none, nothing is done.
if not live then redis.call('HINCRBY', 'headroom:count:' .. n, 'bytes', 0)
elseif weight(s) > before then redis.call('HSET', S .. key, 'v', s.v)
else ${IN_PLACE} end
if not live then
  if found then remove(key, found, at) end
  forgetEnd(n, key)
end
local _, _, c, u, t, e, v, g = unpack(fields(s))
redis.call('HSET', S .. key, 'n', n, 'o', o, 'c', c, 'u', u, 't', t, 'e', e, 'v', v, 'g', g)
if ARGV[7] == '1' then redis.call('HSET', S .. key, 'd', ARGV[8]) end
slide(key, s)
if not live or live.bytes ~= s.bytes then redis.call('ZADD', list(s, 'bytes'), s.bytes, key) end
if not live then
  redis.call('ZADD', list(s, 'created'), s.c, key)
  redis.call('ZADD', list(s, 'ids'), 0, idMember(key, s))
end
if not live or live.g ~= s.g then
  if live then for _, tag in ipairs(tagsOf(live)) do redis.call('ZREM', tagList(live, tag), key) end end
  for _, tag in ipairs(tagsOf(s)) do redis.call('ZADD', tagList(s, tag), s.c, key) end
end
count(s, live and 0 or 1, s.bytes - (live and live.bytes or 0))
addKept('sessions', weight(s) - before)
-- A use alone changes nothing that a copy answers with.
if not live or s.v ~= live.v or s.t ~= live.t or s.e ~= live.e or s.g ~= live.g then
  redis.call('PUBLISH', '${CHANGED_CHANNEL}', key)
end
return {at, 'saved', key, fields(s)}
`;

/** ARGV: key, namespace, own id, version. */
export const END = `${COMMON}
local key, at = ARGV[1], now()
local s = living(key, ARGV[2], ARGV[3], at)
if not s then return {at, 'missing'} end
if ARGV[4] ~= '' and tonumber(ARGV[4]) ~= s.v then return {at, 'version', s.v} end
remove(key, s, at)
redis.call('PUBLISH', '${CHANGED_CHANNEL}', key)
return {at, 'ended'}
`;

/** ARGV: namespace, has a tag, tag, keys. */
export const END_MANY = `${COMMON}
local at, removed = now(), 0
for i = 4, #ARGV do
  local key = ARGV[i]
  local s = session(key)
  local wanted = s and s.n == ARGV[1] and expiry(s) > at
  if wanted and ARGV[2] == '1' then
    wanted = false
    for _, tag in ipairs(tagsOf(s)) do wanted = wanted or tag == ARGV[3] end
  end
  if wanted then
    remove(key, s, at)
    redis.call('PUBLISH', '${CHANGED_CHANNEL}', key)
    removed = removed + 1
  end
end
return {at, removed}
`;

/** Removes what has expired, and ends that are older than a day. ARGV: most of either. */
export const EXPIRE = `${COMMON}
local at, removed = now(), 0
for _, key in ipairs(redis.call('ZRANGEBYSCORE', 'headroom:due', '-inf', at - ${GRACE_MS}, 'LIMIT', 0, ARGV[1])) do
  local s = session(key)
  if s then remove(key, s, expiry(s)) else redis.call('ZREM', 'headroom:due', key) end
  removed = removed + 1
end
local left = tonumber(ARGV[1])
for _, n in ipairs(redis.call('ZRANGEBYSCORE', 'headroom:ended', '-inf', at - ${ENDED_FOR_MS}, 'LIMIT', 0, left)) do
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', ended(n), '-inf', at - ${ENDED_FOR_MS}, 'LIMIT', 0, left)) do
    forgetEnd(n, key)
    left = left - 1
  end
  local oldest = redis.call('ZRANGE', ended(n), 0, 0, 'WITHSCORES')
  if oldest[2] then redis.call('ZADD', 'headroom:ended', oldest[2], n) else redis.call('ZREM', 'headroom:ended', n) end
end
return {at, removed}
`;

/** ARGV: namespace. What has expired and is still there does not count. */
export const TALLY = `${COMMON}
local at, n = now(), ARGV[1]
local c = redis.call('HMGET', 'headroom:count:' .. n, 'count', 'bytes')
local items, bytes = tonumber(c[1] or 0), tonumber(c[2] or 0)
for _, key in ipairs(redis.call('ZRANGEBYSCORE', 'headroom:due', '-inf', at, 'LIMIT', 0, 10000)) do
  local s = session(key)
  if s and s.n == n then items, bytes = items - 1, bytes - s.bytes end
end
return {at, items, bytes}
`;
