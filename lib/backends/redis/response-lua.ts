import { KEPT_LUA } from "./shared-room.ts";

/** Where changes are published. Pieces are apart by a character that no namespace and no key may contain. */
export const RESPONSE_NEWS = "headroom:cache:news";

/** A script that may change something says so by its kind: refused whole when Redis is full, or run nevertheless. */
type ScriptKind = "reads" | "grows" | "shrinks";
const FLAGS: Record<ScriptKind, string> = { reads: " flags=no-writes", grows: "", shrinks: " flags=allow-oom" };

/**
 * Makes a script out of what all of them share, and a body. The first two arguments are the time, empty for that of Redis, and
 * the namespace. Redis Cluster cannot run them: they name keys that they are not given.
 *
 * Of an entry `e:NAMESPACE\0KEY` there are: a hash with its fields; its place in `n:NAMESPACE` and in `t:NAMESPACE\0TAG` of each
 * tag, both by the key's hash, for lists and purges; in `u:NAMESPACE` by its last use; in `x`, of all namespaces, by its end.
 * `w` has the bytes by namespace. A lease is an end in `l:NAMESPACE`, and in `q` of all namespaces, and a token in `k:NAMESPACE`.
 */
export const responseScript = (kind: ScriptKind, body: string): string =>
  `#!lua${FLAGS[kind]}\n${KEPT_LUA}${COMMON}${body}`;

const COMMON = `
local P = 'headroom:cache:'
local NIL = string.char(0)
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local ns = ARGV[2]

local gone = {}
local function isGone(space, key)
  gone[#gone + 1] = space
  gone[#gone + 1] = key
end
local function tellGone()
  if #gone > 0 then redis.call('PUBLISH', '${RESPONSE_NEWS}', 'g' .. NIL .. table.concat(gone, NIL)) end
end
local function tellChanged(key, version)
  redis.call('PUBLISH', '${RESPONSE_NEWS}', table.concat({'c', string.format('%.0f', version), ns, key}, NIL))
end

-- Above all earlier ones, also where Redis has lost the last one: what nodes hold from before is older then.
local function newVersion()
  local version = math.max(tonumber(redis.call('GET', P .. 'version') or 0) + 1, now * 1000)
  redis.call('SET', P .. 'version', string.format('%.0f', version))
  return version
end

local function entryOf(space, key) return P .. 'e:' .. space .. NIL .. key end

local function liveEntry(key)
  local f = redis.call('HMGET', entryOf(ns, key), 'd', 'i', 'e', 'f', 'm')
  if not f[1] or tonumber(f[1]) <= now then return nil end
  local fresh = tonumber(f[4])
  return { identity = f[2], tag = f[3], stale = f[5] == '1' and now >= fresh }
end

-- A condition as JSON; empty for none.
local function meets(condition, entry)
  if condition == '' then return true end
  local wanted = cjson.decode(condition)
  local present = {}
  if entry then
    present['*'] = true
    present[string.sub(entry.identity, 2, -2)] = true
    present[string.sub(entry.tag, 2, -2)] = true
  end
  local function names(tags)
    for _, tag in ipairs(tags) do if present[tag] then return true end end
    return false
  end
  for _, tags in ipairs(wanted.match) do if not names(tags) then return false end end
  return not names(wanted.noneMatch)
end

-- Redis itself evicted what was there. Returns the bytes that were counted for it.
local function writeOff(space)
  local bytes = tonumber(redis.call('ZSCORE', P .. 'w', space) or 0)
  redis.call('ZREM', P .. 'w', space)
  addKept('responses', -bytes)
  return bytes
end

-- An entry that Redis evicted took its size and tags with it: with the last place of its namespace the count is right again.
local function drop(space, key)
  local entry = entryOf(space, key)
  local f = redis.call('HMGET', entry, 'z', 'g')
  redis.call('ZREM', P .. 'x', space .. NIL .. key)
  redis.call('ZREM', P .. 'n:' .. space, key)
  redis.call('ZREM', P .. 'u:' .. space, key)
  if not f[1] then
    local isEmpty = redis.call('EXISTS', P .. 'n:' .. space, P .. 'u:' .. space) == 0
    return isEmpty and writeOff(space) or 0
  end
  for tag in string.gmatch(f[2], '[^,]+') do redis.call('ZREM', P .. 't:' .. space .. NIL .. tag, key) end
  redis.call('DEL', entry)
  addKept('responses', -f[1])
  if tonumber(redis.call('ZINCRBY', P .. 'w', -f[1], space)) <= 0 then redis.call('ZREM', P .. 'w', space) end
  return tonumber(f[1])
end

-- What has expired needs no news: every node knows its end.
local function eachExpired(index, most, remove)
  local found = redis.call('ZRANGEBYSCORE', P .. index, '-inf', now, 'LIMIT', 0, most)
  for _, member in ipairs(found) do
    local at = string.find(member, NIL, 1, true)
    remove(string.sub(member, 1, at - 1), string.sub(member, at + 1))
  end
  return #found
end
local function dropExpired(most) return eachExpired('x', most, drop) end

-- The least lately used entry of the namespace that holds most. Returns its bytes, nil when there is none.
local function evictOne()
  local space = redis.call('ZREVRANGE', P .. 'w', 0, 0)[1]
  if not space then return nil end
  local key = redis.call('ZRANGE', P .. 'u:' .. space, 0, 0)[1]
  if key then
    isGone(space, key)
    return drop(space, key)
  end
  return writeOff(space)
end

local function leaseBytes(space, key) return 400 + 3 * #key + #space end
local function leaseOf(key)
  local ends = tonumber(redis.call('ZSCORE', P .. 'l:' .. ns, key) or 0)
  if ends > now then return redis.call('HGET', P .. 'k:' .. ns, key), ends end
end
local function endLease(space, key)
  local places = redis.call('ZREM', P .. 'l:' .. space, key) + redis.call('ZREM', P .. 'q', space .. NIL .. key)
  if places == 0 then return end
  redis.call('HDEL', P .. 'k:' .. space, key)
  addKept('responses', -leaseBytes(space, key))
end
local function setLease(key, ends)
  redis.call('ZADD', P .. 'l:' .. ns, ends, key)
  redis.call('ZADD', P .. 'q', ends, ns .. NIL .. key)
end
local function keptElsewhere() return keptBytes() - keptOf('responses') end
`;

export const READ = responseScript(
  "reads",
  `
local f = redis.call('HMGET', entryOf(ns, ARGV[3]), 'd', 's', 'f', 'm', 'v', 'c', 'e', 'i', 'b', 't', 'g', 'n', 'o')
if not f[1] or tonumber(f[1]) <= now then return false end
return { f[1] - now, now - f[2], f[3] - now, f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13] }`,
);

/** Entries evicted by one put; where that is not enough, the caller asks for more. */
export const PUT = responseScript(
  "grows",
  `
local key, most, token, hash, size = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[7], tonumber(ARGV[8])
local fresh, stale, tags = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[17]
if token ~= '' and leaseOf(key) ~= token then return {'lease'} end
local before = liveEntry(key)
if not meets(ARGV[6], before) then return {'version'} end
if keptElsewhere() + size > most then return {'memory'} end
dropExpired(16)
local left = 64
while keptBytes() - tonumber(redis.call('HGET', entryOf(ns, key), 'z') or 0) + size > most do
  if left == 0 then tellGone() return {'full'} end
  left = left - 1
  if not evictOne() then tellGone() return {'memory'} end
end
tellGone()
drop(ns, key)
endLease(ns, key)
local version = newVersion()
redis.call('HSET', entryOf(ns, key), 'v', version, 's', now, 'f', now + fresh, 'd', now + fresh + stale,
  'm', stale > 0 and 1 or 0, 'c', ARGV[12], 'e', ARGV[13], 'i', ARGV[14], 'b', ARGV[15], 't', ARGV[16], 'g', tags,
  'n', ARGV[18], 'h', 0, 'z', size, 'o', ARGV[11])
redis.call('ZADD', P .. 'n:' .. ns, hash, key)
redis.call('ZADD', P .. 'u:' .. ns, now, key)
redis.call('ZADD', P .. 'x', now + fresh + stale, ns .. NIL .. key)
for tag in string.gmatch(tags, '[^,]+') do redis.call('ZADD', P .. 't:' .. ns .. NIL .. tag, hash, key) end
addKept('responses', size)
redis.call('ZINCRBY', P .. 'w', size, ns)
tellChanged(key, version)
return { before and 'replaced' or 'added', version }`,
);

export const CLEAR = responseScript(
  "shrinks",
  `
local key, token = ARGV[3], ARGV[4]
if token ~= '' and leaseOf(key) ~= token then return 'lease' end
if not meets(ARGV[5], liveEntry(key)) then return 'version' end
drop(ns, key)
endLease(ns, key)
tellChanged(key, newVersion())
return 'done'`,
);

export const DELETE = responseScript(
  "shrinks",
  `
local key, token = ARGV[3], ARGV[4]
local before = liveEntry(key)
if before and not meets(ARGV[5], before) then return 'version' end
if token ~= '' and leaseOf(key) ~= token then return 'lease' end
if token == '' then drop(ns, key) end
endLease(ns, key)
isGone(ns, key)
tellGone()
return (before or token ~= '') and 'done' or 'absent'`,
);

/** Leases of a namespace at once. */
export const MOST_LEASES = 10_000;

export const LEASE = responseScript(
  "grows",
  `
local key, most, leaseMs, own, made = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7]
local leases = P .. 'l:' .. ns
local entry = liveEntry(key)
if entry and not entry.stale then return {'there'} end
local current, ends = leaseOf(key)
if own ~= '' then
  if current ~= own then return {'expired'} end
  setLease(key, now + leaseMs)
  return {'lease', own}
end
if current then return {'pending', ends - now} end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 16)) do endLease(ns, old) end
endLease(ns, key)
if redis.call('ZCARD', leases) >= ${MOST_LEASES} then return {'full'} end
local left = 8
while keptBytes() + leaseBytes(ns, key) > most do
  left = left - 1
  if left < 0 or not evictOne() then tellGone() return {'full'} end
end
tellGone()
setLease(key, now + leaseMs)
redis.call('HSET', P .. 'k:' .. ns, key, made)
addKept('responses', leaseBytes(ns, key))
return {'lease', made}`,
);

export const USED = responseScript(
  "grows",
  `
for at = 3, #ARGV, 4 do
  local space, key = ARGV[at], ARGV[at + 1]
  if redis.call('EXISTS', entryOf(space, key)) == 1 then
    redis.call('HINCRBY', entryOf(space, key), 'h', ARGV[at + 2])
    redis.call('ZADD', P .. 'u:' .. space, 'GT', now - ARGV[at + 3], key)
  end
end`,
);

/** Sessions may take the room of responses: what is over the bound then goes here, or with the next put. */
export const SWEEP = responseScript(
  "shrinks",
  `
local count, most = tonumber(ARGV[3]), tonumber(ARGV[4])
local removed = dropExpired(count)
removed = removed + eachExpired('q', count - removed, endLease)
while removed < count and keptBytes() > most and evictOne() do removed = removed + 1 end
tellGone()
return removed`,
);

/** Evicts up to 256 entries, until so many bytes are free. */
export const EVICT = responseScript(
  "shrinks",
  `
local freed = 0
for _ = 1, 256 do
  if freed >= tonumber(ARGV[3]) then break end
  local bytes = evictOne()
  if not bytes then break end
  freed = freed + bytes
end
tellGone()
return freed`,
);

export const HELD = responseScript(
  "reads",
  `
local bytes = redis.call('ZSCORE', P .. 'w', ns) or 0
return { redis.call('ZCARD', P .. 'n:' .. ns), tonumber(bytes), redis.call('HGET', entryOf(ns, ARGV[3]), 'z') }`,
);
