import { Buffer } from "node:buffer";
import type { Headroom } from "@headroom/client";
import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import {
  addRecord,
  addRecords,
  type Bytes,
  fromBytes,
  idPart,
  putRecord,
  readRecords,
  toBytes,
} from "./kept-records.ts";

export interface HeadroomSaverOptions {
  client: Headroom;
  /** How the ids of its conversations begin; `langgraph` by default. */
  prefix?: string | undefined;
  serde?: SerializerProtocol | undefined;
}

interface KeptCheckpoint {
  threadId: string;
  namespace: string;
  id: string;
  parentId: string | undefined;
  checkpoint: Bytes;
  metadata: Bytes;
}
interface KeptWrite {
  taskId: string;
  taskPath: string;
  index: number;
  channel: string;
  value: Bytes;
}
interface Place {
  threadId: string;
  namespace: string;
}

const CHECKPOINT = "checkpoint";
/** Checkpoints read at once of a list. */
const AT_ONCE = 8;
/** Of so many that were begun last, the one with the highest id is the latest: clocks of two writers may differ. */
const LATEST_OF = 20;
const MOST_THREAD_BYTES = 100;
const MOST_NAMESPACE_BYTES = 80;

/**
 * Checkpoints of LangGraph, durable: each is a conversation that holds the checkpoint and its writes as messages. Reading
 * or writing one takes a round trip, the latest two. A removed thread takes one.
 */
export class HeadroomSaver extends BaseCheckpointSaver {
  readonly #client: Headroom;
  readonly #prefix: string;

  constructor({ client, prefix = "langgraph", serde }: HeadroomSaverOptions) {
    super(serde);
    this.#client = client;
    this.#prefix = prefix;
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const threadId = config.configurable?.thread_id;
    if (typeof threadId !== "string" || threadId === "") return undefined;
    const place = { threadId, namespace: namespaceOf(config) ?? "" };
    const id = getCheckpointId(config);
    if (id) return await this.#read(this.#idOf(place, id), config);
    const begun = this.#client.conversations.list({
      prefix: this.#idOf(place, ""),
      sort: "createdAt",
      order: "desc",
      limit: LATEST_OF,
    });
    const latest = (await begun.page()).items
      .map((conversation) => conversation.id)
      .sort()
      .reverse();
    for (const found of latest) {
      const tuple = await this.#read(found);
      if (tuple) return tuple;
    }
    return undefined;
  }

  async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { before, filter, limit = Number.POSITIVE_INFINITY } = options;
    const wanted = Object.entries(filter ?? {});
    let left = limit;
    for await (const some of this.#batches(
      config,
      before && getCheckpointId(before),
      wanted.length > 0 ? AT_ONCE : left,
    )) {
      for (const tuple of await Promise.all(some.map((id) => this.#read(id)))) {
        if (left <= 0) return;
        const metadata = tuple?.metadata as Record<string, unknown> | undefined;
        if (!tuple || !wanted.every(([name, value]) => metadata?.[name] === value)) continue;
        left--;
        yield tuple;
      }
    }
  }

  async put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    const place = { threadId: requireThread(config), namespace: namespaceOf(config) ?? "" };
    const parentId: string | undefined = config.configurable?.checkpoint_id;
    const [kept, about] = await Promise.all([this.#dump(checkpoint), this.#dump(metadata)]);
    const value: KeptCheckpoint = { ...place, id: checkpoint.id, parentId, checkpoint: kept, metadata: about };
    await putRecord(this.#client, this.#idOf(place, checkpoint.id), { id: CHECKPOINT, value });
    return configOf(place, checkpoint.id);
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const place = { threadId: requireThread(config), namespace: namespaceOf(config) ?? "" };
    const checkpointId: string | undefined = config.configurable?.checkpoint_id;
    if (!checkpointId) throw new Error('Writes need a "checkpoint_id" in the "configurable" of their config.');
    const conversation = this.#idOf(place, checkpointId);
    const records = await Promise.all(
      writes.map(async ([channel, written], at) => {
        const index = WRITES_IDX_MAP[channel] ?? at;
        const value: KeptWrite = { taskId, taskPath, index, channel, value: await this.#dump(written) };
        return { id: `write:${idPart(taskId, 200)}:${index}`, value };
      }),
    );
    if (records.length === 0) return;
    // Special writes (a negative index) are replaced, others stay as they were written first.
    if (
      records.every(({ value }) => value.index >= 0) &&
      (await isAdded(addRecords(this.#client, conversation, records)))
    )
      return;
    for (const record of records)
      await (record.value.index < 0 ? putRecord : addRecord)(this.#client, conversation, record);
  }

  async deleteThread(threadId: string): Promise<void> {
    await this.#client.conversations.deleteMany({ prefix: this.#threadPrefix(threadId) });
  }

  async #read(conversation: string, asked?: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const records = await readRecords(this.#client, conversation);
    const kept = records.get(CHECKPOINT) as KeptCheckpoint | undefined;
    if (!kept) return undefined;
    records.delete(CHECKPOINT);
    const { parentId } = kept;
    const [checkpoint, metadata, writes] = await Promise.all([
      this.#load<Checkpoint>(kept.checkpoint),
      this.#load<CheckpointMetadata>(kept.metadata),
      this.#writesOf(records),
    ]);
    if (checkpoint.v < 4 && parentId !== undefined) await this.#migrateSends(checkpoint, kept, parentId);
    const tuple: CheckpointTuple = {
      config: asked ?? configOf(kept, kept.id),
      checkpoint,
      metadata,
      pendingWrites: writes.map(({ write }) => write),
    };
    if (parentId !== undefined) tuple.parentConfig = configOf(kept, parentId);
    return tuple;
  }

  async #writesOf(
    records: ReadonlyMap<string, unknown>,
  ): Promise<{ channel: string; write: CheckpointPendingWrite }[]> {
    const kept = ([...records.values()] as KeptWrite[]).sort(compareWrites);
    return await Promise.all(
      kept.map(async ({ taskId, channel, value }) => ({ channel, write: [taskId, channel, await this.#load(value)] })),
    );
  }

  /** Checkpoints before version 4 had their sends in the writes of the one before. */
  async #migrateSends(checkpoint: Checkpoint, place: Place, parentId: string): Promise<void> {
    const records = await readRecords(this.#client, this.#idOf(place, parentId));
    records.delete(CHECKPOINT);
    const writes = await this.#writesOf(records);
    const versions: Record<string, number | string> = checkpoint.channel_versions ?? {};
    const known = Object.values(versions);
    checkpoint.channel_values = {
      ...checkpoint.channel_values,
      [TASKS]: writes.filter(({ channel }) => channel === TASKS).map(({ write: [, , value] }) => value),
    };
    const version = known.length > 0 ? maxChannelVersion(...known) : this.getNextVersion(undefined);
    checkpoint.channel_versions = { ...versions, [TASKS]: version };
  }

  /** Ids of conversations that may be listed, those begun last first, a few at a time. */
  async *#batches(config: RunnableConfig, before: string | undefined, most: number): AsyncGenerator<string[]> {
    const threadId: string | undefined = config.configurable?.thread_id;
    const namespace = namespaceOf(config);
    const only = getCheckpointId(config);
    const prefix = threadId === undefined ? `${this.#prefix}/` : this.#threadPrefix(threadId);
    let some: string[] = [];
    for await (const { id } of this.#client.conversations.list({
      prefix,
      sort: "createdAt",
      order: "desc",
      limit: 500,
    })) {
      const [within, checkpointId = ""] = id
        .slice(this.#prefix.length + 1)
        .split("/")
        .slice(1);
      if (namespace !== undefined && within !== idPart(namespace, MOST_NAMESPACE_BYTES)) continue;
      if (before !== undefined && checkpointId >= before) continue;
      if (only && checkpointId !== only) continue;
      some.push(id);
      if (some.length < Math.min(most, AT_ONCE)) continue;
      yield some;
      some = [];
    }
    yield some;
  }

  #threadPrefix(threadId: string): string {
    return `${this.#prefix}/${idPart(threadId, MOST_THREAD_BYTES)}/`;
  }

  #idOf({ threadId, namespace }: Place, checkpointId: string): string {
    return `${this.#threadPrefix(threadId)}${idPart(namespace, MOST_NAMESPACE_BYTES)}/${encodeURIComponent(checkpointId)}`;
  }

  async #dump(value: unknown): Promise<Bytes> {
    return toBytes(...(await this.serde.dumpsTyped(value)));
  }

  #load<T>(kept: Bytes): Promise<T> {
    return this.serde.loadsTyped(...fromBytes(kept));
  }
}

async function isAdded(adding: Promise<void>): Promise<boolean> {
  try {
    await adding;
    return true;
  } catch (error) {
    if ((error as { status?: number }).status === 409) return false;
    throw error;
  }
}

const namespaceOf = (config: RunnableConfig): string | undefined => config.configurable?.checkpoint_ns;

function requireThread({ configurable }: RunnableConfig): string {
  const threadId: unknown = configurable?.thread_id;
  if (typeof threadId !== "string" || threadId === "")
    throw new Error('A checkpoint needs a "thread_id" in the "configurable" of its config.');
  return threadId;
}

const configOf = ({ threadId, namespace }: Place, id: string): RunnableConfig => ({
  configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: id },
});

/** By path, task and index, as a running graph applies them; texts by code point. */
const compareWrites = (a: KeptWrite, b: KeptWrite): number =>
  compareTexts(a.taskPath, b.taskPath) || compareTexts(a.taskId, b.taskId) || a.index - b.index;
const compareTexts = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
