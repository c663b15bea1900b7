import type { RedisConnection } from "./redis-connection.ts";

/** What all nodes keep in Redis, in bytes by kind (`sessions`, `responses`): a hash that every script which adds or removes something changes with it. */
export const KEPT_KEY = "headroom:kept";

/**
 * Lua for scripts that grow or shrink what is kept. `addKept(kind, bytes)`, which may be negative, must follow every change.
 * A script asks before its first write: what it did before an error stays done.
 *
 * Who asks what: a session is refused when all sessions (`keptOf('sessions')`) would pass the bound. A response makes room
 * among responses until the sum (`keptBytes()`) is within it, so that sessions may take the room of responses, and never the
 * other way round.
 */
export const KEPT_LUA = `
local function keptOf(kind) return tonumber(redis.call('HGET', '${KEPT_KEY}', kind) or '0') end
local function keptBytes()
  local sum = 0
  for _, bytes in ipairs(redis.call('HVALS', '${KEPT_KEY}')) do sum = sum + tonumber(bytes) end
  return sum
end
local function addKept(kind, bytes)
  if bytes ~= 0 then redis.call('HINCRBY', '${KEPT_KEY}', kind, string.format('%.0f', bytes)) end
end
`;

/** The sum of all kinds now. */
export async function readKept(redis: RedisConnection): Promise<number> {
  const values = (await redis.call("HVALS", KEPT_KEY)) as readonly unknown[];
  return values.reduce((sum: number, value) => sum + Number(value), 0);
}
