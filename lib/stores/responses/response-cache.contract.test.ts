import { describeCacheFills } from "../../ports/cache-fills.contract.ts";
import { describeCacheLists } from "../../ports/cache-lists.contract.ts";
import { CONTRACT_BOUNDS, describeCacheStore } from "../../ports/cache-store.contract.ts";
import type { CacheUnderTest } from "../../testing/cache-caller.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { ResponseCache } from "./response-cache.ts";

async function fresh(): Promise<CacheUnderTest> {
  const clock = new FakeClock();
  const cache = new ResponseCache({
    ...CONTRACT_BOUNDS,
    decoders: new TestAccount(),
    maxItems: 1_000,
    policy: "lru",
    createYielder: () => ({ spent: false, yield: () => Promise.resolve() }),
    clock,
    account: new TestAccount(CONTRACT_BOUNDS.maxBytes),
  });
  return { cache, advance: (byMs) => clock.advance(byMs), close: async () => cache.close() };
}

describeCacheStore("ResponseCache", fresh);
describeCacheFills("ResponseCache", fresh);
describeCacheLists("ResponseCache", fresh);
