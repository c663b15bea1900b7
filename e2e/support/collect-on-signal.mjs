// Preloaded into a server under test (`--import`): on SIGUSR2 it collects all garbage and prints that it has.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  process.on("SIGUSR2", () => {
    for (let i = 0; i < 4; i++) collect();
    process.stdout.write(`\nHELD ${JSON.stringify(process.memoryUsage())}\n`);
  });
}
