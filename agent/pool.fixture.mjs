/** Run by headroom-agent.test.ts under the agent: a heap that grows by 150 MB and is released when the test has seen it. */
import { once } from "node:events";
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc");

let kept = Array.from({ length: 700_000 }, (_, i) => ({ i, name: `name ${i}`, turns: [i, i, i, i] }));
process.on("disconnect", () => process.exit());
process.send(kept.length);
await once(process, "message");
kept = null;
gc();
