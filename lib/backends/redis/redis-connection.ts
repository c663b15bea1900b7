import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { Deadlines } from "./deadlines.ts";
import { loadRedis, type RedisArgument, type RedisClient } from "./redis-client.ts";
import { isAnswered, isRefusal, LATE, redisAway, toRedisError } from "./redis-errors.ts";
import { figuresOf, type RedisFigures, tooOld } from "./redis-figures.ts";
import { RedisNews } from "./redis-news.ts";

/** So long an answer is waited for. A command that took longer may still run: it is never sent again. */
export const DEADLINE_MS = 500;
/** A socket on which an answer is owed for so long is given up; never before the answer's own deadline. */
const SOCKET_MS = 3_000;
/** A look at the connection. Its message comes back through the subscriber, and so tells that the news are current. */
const BEAT_MS = 250;
const LOOKS_PER_FIGURES = 20;
/** At the start: an engine that is away then is waited for without one. */
const START_MS = 2_000;
/** Commands that wait for an answer. At the deadline's 500 ms no server answers more than about these. */
export const MOST_IN_FLIGHT = 20_000;
/** Looks without news: their socket may be half dead, which nobody is told of. */
const SILENT_LOOKS = 20;
/** A replica may be another server's by now: the name is looked up again this often. */
const LOOKS_PER_RECONNECT = 4;
/** After so many looks without another refusal, a write is asked for that changes nothing. */
const LOOKS_AFTER_REFUSAL = 4;

/** Never a queue while Redis is away, and nothing sent twice: whoever waits is told, and asks again. */
const optionsFor = (deadlineMs: number) => ({
  // Counts while an answer is owed.
  socketTimeout: Math.max(SOCKET_MS, 2 * deadlineMs),
  connectTimeout: SOCKET_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 1_000),
});

/** Runs a script with keys, then arguments. Bulk strings of the reply are buffers. */
export type RedisScript = (keys: readonly string[], args: readonly RedisArgument[]) => Promise<unknown>;

export interface RedisConnectionOptions {
  url: string;
  clock: Clock;
  /** Longest wait for an answer; 500 ms when left out. */
  deadlineMs?: number;
  /** Once per change: null when Redis is back. */
  onFault?: (fault: AppError | null) => void;
}

/**
 * The node's connection to Redis, with a circuit breaker: the first command that is not answered in time, or a lost
 * socket, opens it, and until a look finds Redis back every command fails at once. Beside it a second one hears `news`.
 */
export class RedisConnection {
  /** What other nodes tell. */
  readonly news: RedisNews;
  readonly #client: RedisClient;
  #onFault: (fault: AppError | null) => void;
  readonly #stopLooking: () => void;
  #fault: AppError | null = redisAway("cannot be reached yet.");
  /** Why it refuses writes, or one command, while it answers others: it opens no circuit. */
  #refusal: AppError | null = null;
  #looksSinceRefusal = 0;
  #figures: RedisFigures | null = null;
  readonly #deadlines: Deadlines;
  #isLooking = false;
  #isGathering = false;
  #silentLooks = 0;
  #looks = 0;
  #scripts = 0;
  #onReady: () => void = () => undefined;

  private constructor({ url, clock, deadlineMs = DEADLINE_MS, onFault }: RedisConnectionOptions) {
    const Redis = loadRedis();
    this.#deadlines = new Deadlines(clock, deadlineMs);
    this.#onFault = onFault ?? (() => undefined);
    const options = optionsFor(deadlineMs);
    this.#client = new Redis(url, options);
    // One for each failed attempt; what it means is told by a look.
    this.#client.on("error", (error: Error) => {
      if (this.#fault !== null && isAnswered(error)) this.#tell(toRedisError(error) ?? this.#fault);
    });
    this.#client.on("close", () => this.#tell(this.#fault ?? redisAway("cannot be reached.")));
    this.#client.on("ready", () => void this.#look());
    this.news = new RedisNews(
      // What it hears is subscribed to by us: the client forgets channels whose answer it has not seen, and fails unheard.
      new Redis(url, { ...options, autoResubscribe: false }),
      clock,
      `headroom:beat:${randomUUID()}`,
    );
    this.#stopLooking = clock.every(BEAT_MS, () => void this.#look());
  }

  /** Connects. Resolves after 2 s at the latest, whether Redis is there or not. @throws {StartError} without its client. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    await new Promise<void>((resolve) => {
      const cancel = options.clock.after(START_MS, resolve);
      connection.#onReady = () => {
        cancel();
        resolve();
      };
    });
    return connection;
  }

  /** Why Redis cannot be used now, or not for writes, for /readyz; null when it can. */
  get fault(): AppError | null {
    return this.#fault ?? this.#refusal;
  }

  /** As of the last five seconds; null before the first look. */
  get figures(): RedisFigures | null {
    return this.#figures;
  }

  /** @returns the reply, with bulk strings as buffers. @throws {AppError} storage-unavailable, storage-read-only, storage-full. */
  call(command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    return this.#sent(() => this.#client.callBuffer(command, ...args));
  }

  /** Makes a script callable. It is sent once, and again by itself when the server has lost it. Errors are as of `call`. */
  script(numberOfKeys: number, lua: string): RedisScript {
    const name = `headroomScript${this.#scripts++}`;
    this.#client.defineCommand(name, { numberOfKeys, lua });
    // One cast: `defineCommand` has just added it.
    const methods = this.#client as unknown as Record<string, (...args: RedisArgument[]) => Promise<unknown>>;
    const method = `${name}Buffer`;
    return (keys, args) => this.#sent(() => methods[method]?.(...keys, ...args) ?? Promise.reject(new Error(method)));
  }

  /** What `appendfsync` promises; null where nobody may ask. */
  async appendFsync(): Promise<string | null> {
    try {
      const reply = await this.call("CONFIG", "GET", "appendfsync");
      const pairs = Array.isArray(reply) ? reply : [...(reply as Map<unknown, unknown>)].flat();
      return pairs[1] === undefined ? null : String(pairs[1]);
    } catch {
      return null;
    }
  }

  close(): void {
    // Its end is no fault.
    this.#onFault = () => undefined;
    this.#stopLooking();
    this.#deadlines.stop();
    this.news.close();
    this.#client.disconnect();
  }

  async #sent(send: () => Promise<unknown>): Promise<unknown> {
    if (this.#fault !== null) throw again(this.#fault);
    if (this.#deadlines.waiting >= MOST_IN_FLIGHT) throw redisAway("has too many commands to answer.");
    this.#gather();
    try {
      return await this.#deadlines.within(send(), late);
    } catch (error) {
      const failure = toRedisError(error);
      if (failure === null) throw error;
      if (isRefusal(error)) {
        this.#looksSinceRefusal = 0;
        this.#tell(this.#fault, failure);
      }
      // A full server still reads and removes; all else is the same for every command.
      else if (failure.code !== "storage-full" && this.#fault === null) this.#tell(failure);
      throw failure;
    }
  }

  /** Whether Redis answers now, and four times a second. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#client.status !== "ready") return;
    this.#isLooking = true;
    try {
      await this.#asked("PUBLISH", this.news.beatChannel, this.news.beat());
      this.#listen();
      if (this.#fault !== null || this.#looks % LOOKS_PER_FIGURES === 0)
        this.#figures = figuresOf(String(await this.#asked("INFO")));
      this.#tell(this.#figures?.isReplica ? toRedisError(READ_ONLY) : this.#figures && tooOld(this.#figures));
      await this.#lookForWrites();
      if (this.#fault !== null && this.#looks % LOOKS_PER_RECONNECT === 0) this.#client.disconnect(true);
    } catch (error) {
      this.#tell(toRedisError(error) ?? redisAway("answers with an error.", error));
    } finally {
      this.#looks++;
      this.#isLooking = false;
      if (this.#fault === null) this.#onReady();
    }
  }

  async #lookForWrites(): Promise<void> {
    if (this.#refusal === null || this.#looksSinceRefusal++ < LOOKS_AFTER_REFUSAL) return;
    try {
      await this.#asked("PERSIST", "headroom:probe");
      this.#tell(this.#fault, null);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** Connects the news anew where they have been silent for long. */
  #listen(): void {
    this.#silentLooks = this.news.isCurrent ? 0 : this.#silentLooks + 1;
    if (this.#silentLooks < SILENT_LOOKS) return;
    this.#silentLooks = 0;
    this.news.reconnect();
  }

  /** What requests of one turn of the event loop send goes out together: a call of the system for each costs more than the rest. */
  #gather(): void {
    const { stream } = this.#client;
    if (this.#isGathering || stream === undefined) return;
    this.#isGathering = true;
    stream.cork();
    setImmediate(() => {
      this.#isGathering = false;
      stream.uncork();
    });
  }

  /** Past the breaker: only a look may. */
  #asked(command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    return this.#deadlines.within(this.#client.call(command, ...args), late);
  }

  #tell(fault: AppError | null, refusal = this.#refusal): void {
    const isNews = (fault ?? refusal)?.message !== this.fault?.message;
    const isLost = fault !== null && this.#fault === null;
    this.#fault = fault;
    this.#refusal = refusal;
    // A server that hangs closes no socket, and no value that is waited for comes from it.
    if (isLost) this.news.lose();
    if (isNews) this.#onFault(this.fault);
  }
}

const late = (): Error => new Error(LATE);
const READ_ONLY = Object.assign(new Error("READONLY"), { name: "ReplyError" });

/** A caller gets an error of its own: what is thrown may be given a cause or a stack by others. */
const again = ({ code, message, retryAfterSeconds, cause }: AppError): AppError =>
  new AppError(code, message, { retryAfterSeconds, cause });
