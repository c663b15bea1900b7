import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { SLOT_BYTES } from "../streaming/parse-host.ts";
import { Pipeline } from "../streaming/pipeline.ts";
import type { FromParseWorker, ToParseWorker } from "../streaming/worker-messages.ts";

// Parses streams away from the event loop that answers requests. Its young heap is kept small by whoever starts it:
// records are short-lived, and a small heap of them stays in the processor's cache.

const port = parentPort;
if (!port) throw new Error("this file is a worker thread's entry");

/** Behind the thread that answers requests: on a full machine a stream takes longer, and nobody else notices. */
const NICE = 5;

function stepBack(): void {
  try {
    // Linux has priorities per thread, and tells each thread its own number here.
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (thread > 0) setPriority(thread, NICE);
  } catch {
    // Elsewhere the thread has its share like any other.
  }
}

stepBack();

interface Lane {
  pipeline: Pipeline;
  ring: SharedArrayBuffer;
}

const lanes = new Map<number, Lane>();

function answer(message: ToParseWorker): FromParseWorker | null {
  if (message.type === "open") {
    const { lane, spec, from, keep, ring } = message;
    lanes.set(lane, { pipeline: new Pipeline(spec, from, keep), ring });
    return null;
  }
  if (message.type === "close") {
    lanes.delete(message.lane);
    return null;
  }
  const lane = lanes.get(message.lane);
  if (message.type === "drop-record") {
    lane?.pipeline.dropRecord();
    return null;
  }
  if (message.type === "enough-rejects") {
    lane?.pipeline.enoughRejects();
    return null;
  }
  if (!lane) return { type: "failed", lane: message.lane, message: "the lane is not open" };
  if (message.type === "end") return { type: "result", lane: message.lane, result: lane.pipeline.end() };
  const bytes = new Uint8Array(lane.ring, message.slot * SLOT_BYTES, message.length);
  return { type: "result", lane: message.lane, result: lane.pipeline.slice(bytes) };
}

port.on("message", (message: ToParseWorker) => {
  try {
    const reply = answer(message);
    if (reply) port.postMessage(reply);
  } catch (error) {
    port.postMessage({ type: "failed", lane: message.lane, message: String(error) } satisfies FromParseWorker);
  }
});
