/** Run by headroom-agent.test.ts under the agent: a heap that grows by 150 MB and is let go. */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc");

let kept = Array.from({ length: 700_000 }, (_, i) => ({ i, name: `name ${i}`, turns: [i, i, i, i] }));
// Long enough in use to be sampled.
await new Promise((resolve) => setTimeout(resolve, 200));
process.send(kept.length);
kept = null;
gc();
process.on("disconnect", () => process.exit());
