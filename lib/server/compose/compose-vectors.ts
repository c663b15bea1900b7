import { SqliteVectorRows } from "../../backends/sqlite/vector-rows.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { createKernel } from "../../stores/vectors/codec/kernel.ts";
import { BoundedVectors } from "../../stores/vectors/store/bounded-vectors.ts";
import { VectorStore } from "../../stores/vectors/store/vector-store.ts";
import type { Core } from "./core.ts";

/** The vector store on SQLite rows and an account of the ledger, following its settings. */
export async function composeVectors(core: Core, quotas: Quotas): Promise<VectorStore> {
  const { database, ledger, settings, clock, log } = core;
  const account = ledger.open("vectors", "vectors", Math.floor(settings.values.vectorsMaxMb * MIB));
  const onError = (err: unknown) => log.warn({ err }, "points of a deleted collection could not be removed");
  const rows = await SqliteVectorRows.open(database, onError, quotas);
  const kernel = createKernel();
  if (kernel.name === "javascript")
    log.warn("WebAssembly SIMD is not available: vector searches return the same results, but slower");
  const vectors = await VectorStore.open({ rows, account, clock, kernel, maxHot: settings.values.maxVectors });
  const store = new BoundedVectors(vectors, account);
  core.stores.push(store);
  const unfollow = settings.follow(({ maxVectors, vectorsMaxMb }) => {
    const maxBytes = Math.floor(vectorsMaxMb * MIB);
    account.setCeiling(maxBytes);
    store.resize({ maxItems: maxVectors, maxBytes });
  });
  core.onStop(unfollow);
  return vectors;
}
