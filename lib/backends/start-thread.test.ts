import { setFlagsFromString } from "node:v8";
import { expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { startThread } from "./start-thread.ts";

/** Makes 200 MB of garbage and says how large its young heap has become. */
const wasteful = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { getHeapSpaceStatistics } from "node:v8";
    import { parentPort } from "node:worker_threads";
    let kept = [];
    for (let i = 0; i < 400_000; i++) { kept.push(new Array(60).fill(i)); if (kept.length > 4_000) kept = []; }
    parentPort.postMessage(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);
  `)}`,
);

const youngHeapBytes = () =>
  new Promise<number>((resolve, reject) => {
    const worker = startThread(wasteful, { semiSpaceMb: 2, oldSpaceMb: 64 });
    worker.once("message", resolve);
    worker.once("error", reject);
  });

it("gives each of three threads that start at once the young heap it asks for, whatever the process's own flags are", async () => {
  setFlagsFromString("--min-semi-space-size=24");
  setFlagsFromString("--max-semi-space-size=32");
  const sizes = await Promise.all([youngHeapBytes(), youngHeapBytes(), youngHeapBytes()]);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(2 * 2 * MIB * 1.1);
});
