import type { Settings } from "../contracts/settings.ts";
import type { Ledger } from "../memory/ledger.ts";
import { TurnSlicer } from "../memory/turn-slicer.ts";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";
import { ResponseCache } from "../stores/response-cache/response-cache.ts";
import type { Log } from "./log.ts";
import type { SettingsStore } from "./settings.ts";

interface Parts {
  clock: Clock;
  ledger: Ledger;
  settings: SettingsStore;
  log: Log;
  /** Off: bodies stay as they were put, so that what compression saves can be measured. */
  compression: boolean;
}

const boundsOf = (values: Settings) => ({
  maxItems: values.cacheMaxEntries,
  maxBytes: Math.floor(values.cacheMaxMb * MIB),
  ttlMs: values.cacheTtlSeconds * 1000,
  policy: values.cachePolicy,
  maxBodyBytes: Math.floor(values.maxBodyMb * MIB),
});

/** The response cache on its own account, following the settings until `stop`. */
export function composeCache({ clock, ledger, settings, log, compression }: Parts) {
  const bounds = boundsOf(settings.values);
  const account = ledger.open("cache", "cache", bounds.maxBytes);
  const cache = new ResponseCache({
    ...bounds,
    clock,
    account,
    compression,
    createSlicer: () => new TurnSlicer(clock),
  });
  const unfollow = settings.follow((values) => {
    const wanted = boundsOf(values);
    account.setCeiling(wanted.maxBytes);
    try {
      cache.resize(wanted);
    } catch (err) {
      log.warn({ err }, "the cache could not take its new bounds");
    }
  });
  const stop = (): void => {
    unfollow();
    cache.close();
  };
  return { cache, stop };
}
