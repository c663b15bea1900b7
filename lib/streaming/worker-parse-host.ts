import type { Worker } from "node:worker_threads";
import type { Clock } from "../shared/clock.ts";
import { type LaneOptions, type ParseHost, type ParseLane, SLOT_BYTES, SLOTS } from "./parse-host.ts";
import type { SliceResult } from "./pipeline.ts";
import type { FromParseWorker, ToParseWorker } from "./worker-messages.ts";

interface Pending {
  resolve(result: SliceResult): void;
  reject(error: Error): void;
}

export interface WorkerParseHostOptions {
  /** Starts the worker; called again when one has died, or was released. */
  start: () => Worker;
  clock: Clock;
  /** Without a lane for so long, the worker is released with its heap. */
  idleMs?: number;
}

/**
 * Parses in one worker thread for all jobs. Each job has a few slots in the worker's queue at most, so they take turns. When the
 * worker dies, by memory or otherwise, its lanes fail, and the next lane starts another.
 */
export class WorkerParseHost implements ParseHost {
  readonly #start: () => Worker;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #lanes = new Map<number, Pending[]>();
  #worker: Worker | null = null;
  #nextLane = 1;
  #stopIdle: (() => void) | null = null;

  constructor({ start, clock, idleMs = 10_000 }: WorkerParseHostOptions) {
    this.#start = start;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  open({ spec, from, keep }: LaneOptions): ParseLane {
    const lane = this.#nextLane++;
    const ring = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
    const pending: Pending[] = [];
    this.#lanes.set(lane, pending);
    this.#stopIdle?.();
    const send = (message: ToParseWorker) => this.#running().postMessage(message);
    const ask = (message: ToParseWorker): Promise<SliceResult> => {
      if (!this.#lanes.has(lane)) return Promise.reject(new Error("the parsing worker is gone"));
      return new Promise((resolve, reject) => {
        pending.push({ resolve, reject });
        send(message);
      });
    };
    send({ type: "open", lane, spec, from, keep, ring });
    return {
      slot: (index) => new Uint8Array(ring, index * SLOT_BYTES, SLOT_BYTES),
      slice: (slot, length) => ask({ type: "slice", lane, slot, length }),
      end: () => ask({ type: "end", lane }),
      dropRecord: () => send({ type: "drop-record", lane }),
      enoughRejects: () => send({ type: "enough-rejects", lane }),
      close: () => {
        if (this.#lanes.has(lane)) send({ type: "close", lane });
        this.#drop(lane, new Error("the lane is closed"));
      },
    };
  }

  /** Lets the worker go; lanes that are open fail. */
  async close(): Promise<void> {
    this.#stopIdle?.();
    const worker = this.#worker;
    this.#worker = null;
    for (const lane of [...this.#lanes.keys()]) this.#drop(lane, new Error("the parsing worker is closed"));
    await worker?.terminate();
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.unref();
    worker.on("message", (message: FromParseWorker) => this.#receive(message));
    const gone = (cause: unknown) => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      const error = new Error("the parsing worker ended", { cause });
      for (const lane of [...this.#lanes.keys()]) this.#drop(lane, error);
    };
    worker.on("error", gone);
    worker.on("exit", gone);
    return worker;
  }

  #receive(message: FromParseWorker): void {
    const pending = this.#lanes.get(message.lane)?.shift();
    if (message.type === "result") pending?.resolve(message.result);
    else pending?.reject(new Error(message.message));
  }

  #drop(lane: number, error: Error): void {
    for (const pending of this.#lanes.get(lane) ?? []) pending.reject(error);
    this.#lanes.delete(lane);
    if (this.#lanes.size > 0 || !this.#worker) return;
    this.#stopIdle?.();
    this.#stopIdle = this.#clock.after(this.#idleMs, () => {
      if (this.#lanes.size > 0) return;
      const worker = this.#worker;
      this.#worker = null;
      void worker?.terminate();
    });
  }
}
