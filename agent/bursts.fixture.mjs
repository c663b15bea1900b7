/** Run by headroom-agent.test.ts under the agent: a heap that grows by 30 MB and is released, several times between two samples. */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc");

process.on("disconnect", () => process.exit());
setInterval(() => {
  let kept = Array.from({ length: 150_000 }, (_, i) => ({ i, name: `name ${i}`, turns: [i, i, i, i] }));
  kept = kept.length;
  gc();
  return kept;
}, 60);
