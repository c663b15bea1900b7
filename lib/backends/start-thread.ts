import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

export interface ThreadOptions {
  /** Two of these make the young heap; what a thread allocates between two collections is held that long. */
  semiSpaceMb: number;
  oldSpaceMb: number;
  workerData?: unknown;
}

let starting = 0;

/**
 * Starts a thread whose heap has the size that it asks for. V8's start flags win over a worker's own limits, and ours give the main
 * thread a young heap of up to 64 MB, which every thread would fill as well before it collects. They are read when a thread
 * starts, so they are lowered until this one has.
 */
export function startThread(entry: URL, { semiSpaceMb, oldSpaceMb, workerData }: ThreadOptions): Worker {
  starting++;
  setYoungHeap(semiSpaceMb, semiSpaceMb);
  const worker = new Worker(entry, {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: semiSpaceMb * 3, maxOldGenerationSizeMb: oldSpaceMb },
  });
  let started = false;
  const restore = () => {
    if (started) return;
    started = true;
    if (--starting === 0) setYoungHeap(flagOf("min"), flagOf("max"));
  };
  worker.once("online", restore);
  worker.once("exit", restore);
  return worker;
}

/** The process's own flag, in MB; V8 takes 0 for its default. */
function flagOf(bound: "min" | "max"): number {
  const prefix = `--${bound}-semi-space-size=`;
  const flag = process.execArgv.find((argument) => argument.startsWith(prefix));
  return flag ? Number(flag.slice(prefix.length)) : 0;
}

function setYoungHeap(minimumMb: number, maximumMb: number): void {
  setFlagsFromString(`--min-semi-space-size=${minimumMb}`);
  setFlagsFromString(`--max-semi-space-size=${maximumMb}`);
}
