import { responseScript } from "./response-lua.ts";

/**
 * Goes through a stretch of an index, which is in the order of the keys' hashes: who walks to the end meets each entry that was
 * there all the time once, whatever else comes and goes. Arguments from the third on: the tag whose index it is, empty for that
 * of the namespace; the hash to begin with, and how many of that hash were met; how many to look at; the prefix; tags of which an
 * entry must have one, and such that it must not have, as JSON lists; the highest version. `visit` returns whether it removed the
 * entry; `false` in the second place ends the walk before it. `lost`, if there is one, removes a place
 * without an entry. Returns where to go on, nothing at the end.
 */
const WALK = `
local tag, from, skip, count, prefix = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local some, none, upTo = cjson.decode(ARGV[8]), cjson.decode(ARGV[9]), tonumber(ARGV[10])
local index = tag == '' and P .. 'n:' .. ns or P .. 't:' .. ns .. NIL .. tag
local function hasAny(tags, wanted)
  for _, one in ipairs(wanted) do
    if string.find(',' .. tags .. ',', ',' .. one .. ',', 1, true) then return true end
  end
  return false
end
local function isMeant(key, f)
  return tonumber(f[1]) > now and tonumber(f[2]) <= upTo and (tag == '' or hasAny(f[3], { tag }))
    and (#some == 0 or hasAny(f[3], some)) and not hasAny(f[3], none)
end
-- For scripts that write: the place of an entry that Redis evicted goes.
local function forget(key)
  drop(ns, key)
  redis.call('ZREM', index, key)
  return true
end
local function walk(visit, lost)
  local found = redis.call('ZRANGE', index, from, '+inf', 'BYSCORE', 'LIMIT', skip, count, 'WITHSCORES')
  local hash, met = tonumber(from), skip
  for at = 1, #found, 2 do
    local key, its = found[at], tonumber(found[at + 1])
    if its ~= hash then hash = its met = 0 end
    local removed = false
    if string.sub(key, 1, #prefix) == prefix then
      local f = redis.call('HMGET', entryOf(ns, key), 'd', 'v', 'g')
      if not f[1] then
        removed = lost ~= nil and lost(key)
      elseif isMeant(key, f) then
        local goesOn
        removed, goesOn = visit(key)
        if goesOn == false then return { hash, met } end
      end
    end
    if not removed then met = met + 1 end
  end
  if #found < 2 * count then return {} end
  return { hash, met }
end
`;

const walkScript = (kind: "reads" | "shrinks", body: string): string => responseScript(kind, WALK + body);

/** A value that was read before a purge must not arrive after it. Of a key that is filled no tag is known. Returns the version. */
export const BEGIN_PURGE = responseScript(
  "shrinks",
  `
local prefix = ARGV[3]
for _, key in ipairs(redis.call('ZRANGE', P .. 'l:' .. ns, 0, -1)) do
  if string.sub(key, 1, #prefix) == prefix then
    endLease(ns, key)
    isGone(ns, key)
  end
end
tellGone()
return { newVersion(), gone }`,
);

export const PURGE = walkScript(
  "shrinks",
  `
local next = walk(function(key)
  drop(ns, key)
  isGone(ns, key)
  return true
end, forget)
tellGone()
return { next, gone }`,
);

export const MARK_STALE = walkScript(
  "shrinks",
  `
local next = walk(function(key)
  local entry = entryOf(ns, key)
  local fresh = tonumber(redis.call('HGET', entry, 'f'))
  redis.call('HSET', entry, 'f', math.min(fresh, now), 'm', 1)
  isGone(ns, key)
  return false
end, forget)
tellGone()
return { next, gone }`,
);

export const MEASURE = walkScript(
  "reads",
  `
local count, bytes = 0, 0
local next = walk(function(key)
  count = count + 1
  bytes = bytes + redis.call('HGET', entryOf(ns, key), 'z')
  return false
end)
return { next, count, bytes }`,
);

const VIEW = `
local function view(key)
  local entry = entryOf(ns, key)
  local f = redis.call('HMGET', entry, 't', 'b', 'c', 'e', 's', 'f', 'm', 'h', 'g', 'n', 'd')
  if not f[11] or tonumber(f[11]) <= now then return nil end
  local used = tonumber(redis.call('ZSCORE', P .. 'u:' .. ns, key) or f[5])
  return { key, f[1], f[2], redis.call('HSTRLEN', entry, 'o'), f[3], f[4], now - f[5], f[6] - now, f[7], now - used, f[8],
    f[9], f[10] }
end
`;

/** The last argument is the most entries to show. */
export const LIST = walkScript(
  "reads",
  `${VIEW}
local shown = {}
local next = walk(function(key)
  if #shown == tonumber(ARGV[11]) then return false, false end
  shown[#shown + 1] = view(key)
  return false
end)
return { next, shown }`,
);

/** The last argument is what to sort by. */
export const FIGURES = walkScript(
  "reads",
  `
local figures = {}
local function figureOf(key)
  local entry = entryOf(ns, key)
  if ARGV[11] == 'bytes' then return redis.call('HGET', entry, 'b') end
  if ARGV[11] == 'age' then return -redis.call('HGET', entry, 's') end
  if ARGV[11] == 'hits' then return redis.call('HGET', entry, 'h') end
  return tonumber(redis.call('ZSCORE', P .. 'u:' .. ns, key) or 0)
end
local next = walk(function(key)
  figures[#figures + 1] = key
  figures[#figures + 1] = figureOf(key)
  return false
end)
return { next, figures }`,
);

export const VIEWS = responseScript(
  "reads",
  `${VIEW}
local shown = {}
for at = 3, #ARGV do shown[#shown + 1] = view(ARGV[at]) end
return shown`,
);
