import type { Settings } from "../../contracts/settings.ts";
import { TurnYielder } from "../../memory/relief/turn-yielder.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { ResponseCache } from "../../stores/responses/response-cache.ts";
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

/** The response cache on its own account, following the settings. */
export function composeCache(core: Core, quotas: Quotas): ResponseCache {
  const { env, clock, ledger, settings, log } = core;
  const bounds = boundsOf(settings.values);
  const account = ledger.open("cache", "cache", bounds.maxBytes);
  const cache = new ResponseCache({
    ...bounds,
    clock,
    account,
    quotas,
    decoders: ledger.open("cache-decoders", "cache", DECODERS_BYTES),
    // Off: bodies stay as sent, so that the effect of compression can be measured.
    compression: env.fixed.HEADROOM_CACHE_COMPRESSION,
    createYielder: () => new TurnYielder(clock),
  });
  core.stores.push(cache);
  core.onStop(
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
  return cache;
}
