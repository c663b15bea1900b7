/** Hit ratios of the store under each policy beside ARC and the optimum: `npm run bench:caches`. */
import { arcHits, optimalHits } from "./reference-policies.ts";
import { storeHits } from "./simulate.ts";
import { realTraces, syntheticTraces } from "./traces.ts";

const { traces, absent } = realTraces();
if (absent.length > 0) console.log(`skipped, no file: ${absent.join(", ")}`);
console.log(
  "hit ratio, %".padEnd(20),
  ...["LRU", "S3-FIFO", "W-TinyLFU", "ARC", "auto", "OPT"].map((name) => name.padStart(9)),
);
for (const trace of [...syntheticTraces(), ...traces]) {
  const hits = [
    storeHits(trace, "lru"),
    storeHits(trace, "s3-fifo"),
    storeHits(trace, "tiny-lfu"),
    arcHits(trace.keys, trace.entries),
    storeHits(trace, "auto"),
    optimalHits(trace.keys, trace.entries),
  ];
  const cells = hits.map((count) => ((100 * count) / trace.keys.length).toFixed(2).padStart(9));
  console.log(trace.name.padEnd(20), ...cells);
}
