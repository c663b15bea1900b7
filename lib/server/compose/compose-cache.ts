import type { Settings } from "../../contracts/settings.ts";
import { TurnYielder } from "../../memory/relief/turn-yielder.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { Amount, Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { ResponseCache } from "../../stores/responses/response-cache.ts";
import type { SharedRedis } from "./compose-redis.ts";
import type { Core } from "./core.ts";

const boundsOf = (values: Settings) => ({
  maxItems: values.cacheMaxEntries,
  maxBytes: Math.floor(values.cacheMaxMb * MIB),
  ttlMs: values.cacheTtlSeconds * 1000,
  ttlJitter: values.cacheTtlJitter,
  policy: values.cachePolicy,
  maxBodyBytes: Math.floor(values.maxBodyMb * MIB),
});

/** For concurrent decoders: three with the default body of 8 MB, whatever their windows. */
const DECODERS_BYTES = 128 * MIB;

/** For uses of this node's copies that other nodes are not told of yet. */
const USES_BYTES = 2 * MIB;

const NOTHING: Amount = { bytes: 0, items: 0 };

interface ComposedCache {
  cache: CacheStore;
  /** What it holds of a namespace, for quotas: in memory, or elsewhere. */
  held: {
    cached(namespace: string): Amount;
    responses: ((namespace: string) => Promise<Amount>) | null;
  };
}

/**
 * The response cache on its own account, following the settings. With Redis, it is shared by all nodes, and what would be all of
 * it otherwise holds this node's copies within the same bounds.
 */
export async function composeCache(core: Core, quotas: Quotas, redis: SharedRedis | null): Promise<ComposedCache> {
  const { env, clock, ledger, settings } = core;
  const bounds = boundsOf(settings.values);
  const account = ledger.open("cache", "cache", bounds.maxBytes);
  const decoders = ledger.open("cache-decoders", "cache", DECODERS_BYTES);
  // Off: bodies stay as sent, so that the effect of compression can be measured.
  const compression = env.fixed.HEADROOM_CACHE_COMPRESSION;
  const createYielder = () => new TurnYielder(clock);
  const near = new ResponseCache({ ...bounds, clock, account, quotas, decoders, compression, createYielder });
  core.stores.push(near);
  if (redis === null) {
    follow(core, account, near);
    return { cache: near, held: { cached: (namespace) => near.held(namespace), responses: null } };
  }
  const [{ RedisResponses }, { FleetCache }] = await Promise.all([
    import("../../backends/redis/redis-responses.ts"),
    import("../../stores/responses/fleet-cache.ts"),
  ]);
  const shared = new RedisResponses({ redis: redis.connection, maxBytes: redis.maxBytes });
  const usesAccount = ledger.open("cache-uses", "cache", USES_BYTES);
  const onFailure = (err: unknown) => core.log.error({ err }, "the upkeep of the shared cache failed");
  const parts = { near, shared, quotas, decoders, usesAccount, onFailure };
  const cache = new FleetCache({ ...bounds, ...parts, clock, compression });
  follow(core, account, cache);
  const responses = async (namespace: string) => (await shared.held(namespace, "")).all;
  return { cache, held: { cached: () => NOTHING, responses } };
}

/** Lets a cache follow the settings until the process ends. */
function follow(
  { settings, log, onStop }: Core,
  account: ReturnType<Core["ledger"]["open"]>,
  cache: Pick<ResponseCache, "resize" | "close">,
): void {
  onStop(
    () => cache.close(),
    settings.follow((values) => {
      const wanted = boundsOf(values);
      account.setCeiling(wanted.maxBytes);
      try {
        cache.resize(wanted);
      } catch (err) {
        log.warn({ err }, "the cache could not apply its new bounds");
      }
    }),
  );
}
