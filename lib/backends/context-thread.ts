import type { Worker } from "node:worker_threads";
import type { BuiltContext, ContextBuilder, ContextRequest, Tokenizer } from "../ports/context-builder.ts";
import type { ContextCommand, ContextReply } from "../ports/context-thread.ts";
import type { Clock } from "../shared/clock.ts";
import { AppError } from "../shared/errors.ts";
import { startThread } from "./start-thread.ts";

type Built = BuiltContext & { tokenizer: Tokenizer };

interface Waiting {
  command: ContextCommand;
  resolve: (built: Built) => void;
  reject: (error: Error) => void;
}

export interface ContextThreadOptions {
  entry: URL;
  clock: Clock;
  idleMs: number;
  timeoutMs: number;
  /** Requests waiting beyond this are refused. */
  maxWaiting: number;
}

/**
 * Builds contexts on a thread that starts with the first request and ends when idle: the tokenizer's tables go with it. One
 * request at a time; one that takes too long ends the thread, and the next starts another.
 */
export class ContextThread implements ContextBuilder {
  readonly #options: ContextThreadOptions;
  readonly #queue: Waiting[] = [];
  #worker: Worker | null = null;
  #current: Waiting | null = null;
  #cancelTimer: () => void = () => undefined;
  #nextId = 1;

  constructor(options: ContextThreadOptions) {
    this.#options = options;
  }

  build(request: ContextRequest, model: string | null): Promise<Built> {
    if (this.#queue.length >= this.#options.maxWaiting)
      return Promise.reject(
        new AppError("overloaded", "Too many contexts are being built. Retry later.", {
          retryAfterSeconds: 1,
        }),
      );
    return new Promise((resolve, reject) => {
      this.#queue.push({ command: { id: this.#nextId++, request, model }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    const error = new AppError("shutting-down", "The server is shutting down.");
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
    await this.#end(error);
  }

  #next(): void {
    if (this.#current !== null) return;
    const next = this.#queue.shift();
    this.#cancelTimer();
    if (next === undefined) {
      this.#cancelTimer = this.#options.clock.after(this.#options.idleMs, () => void this.#end(new Error("idle")));
      return;
    }
    this.#current = next;
    this.#cancelTimer = this.#options.clock.after(this.#options.timeoutMs, () => {
      void this.#end(new AppError("overloaded", "Counting the tokens took too long.")).then(() => this.#next());
    });
    this.#started().postMessage(next.command);
  }

  #started(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = startThread(this.#options.entry, { semiSpaceMb: 4, oldSpaceMb: 256 });
    worker.unref();
    worker.on("message", (reply: ContextReply) => this.#settle(reply));
    worker.on("error", (error) => this.#fail(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#fail(worker, new Error("The context thread ended.")));
    this.#worker = worker;
    return worker;
  }

  #settle(reply: ContextReply): void {
    const current = this.#current;
    if (current === null || current.command.id !== reply.id) return;
    this.#current = null;
    if (reply.ok) current.resolve(reply.value);
    else
      current.reject(
        reply.code === null
          ? new Error(reply.message)
          : new AppError(reply.code, reply.message, { errors: reply.errors }),
      );
    this.#next();
  }

  #fail(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const current = this.#current;
    this.#current = null;
    current?.reject(error);
    this.#next();
  }

  async #end(error: Error): Promise<void> {
    this.#cancelTimer();
    const worker = this.#worker;
    const current = this.#current;
    this.#worker = null;
    this.#current = null;
    current?.reject(error);
    await worker?.terminate();
  }
}
