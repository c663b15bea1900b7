import { HeadroomSaver } from "@headroom/adapters/langgraph";
import { type Checkpoint, emptyCheckpoint, TASKS, uuid6 } from "@langchain/langgraph-checkpoint";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { vi } from "vitest";
import { counted, headroom } from "./server.ts";

const server = headroom();
const saver = () => new HeadroomSaver({ client: server.client, prefix: `langgraph-${crypto.randomUUID()}` });
const initializer = { checkpointerName: "@headroom/adapters/langgraph", createCheckpointer: saver };

/**
 * LangGraph's savers for memory, SQLite and MongoDB leave this test out by their names. It wants values that no version
 * is new of left out of a checkpoint. Here, as there, each checkpoint has all of its values: one round trip reads it.
 */
const DELTAS = "should only store channel_values that have changed (based on newVersions)";

describe("LangGraph's own suite", () => {
  // For this file: the suite asks for it later, as its blocks are run.
  const globals = globalThis as unknown as { it: typeof it };
  const { it: original } = globals;
  globals.it = new Proxy(original, {
    apply: (target, self, args: Parameters<typeof it>) =>
      Reflect.apply(args[0] === DELTAS ? target.fails : target, self, args),
  });
  validate(initializer);
  deltaChannelHistoryTests(initializer);
});

describe("beside LangGraph's suite", () => {
  const METADATA = { source: "loop" as const, step: 0, parents: {} };
  const checkpointOf = (values: Record<string, unknown>, id = uuid6(0)): Checkpoint => ({
    ...emptyCheckpoint(),
    id,
    channel_values: values,
  });
  const thread = (thread_id: string, checkpoint_ns = "") => ({ configurable: { thread_id, checkpoint_ns } });

  it("what was put is there after kill -9", async () => {
    const prefix = crypto.randomUUID();
    const kept = new HeadroomSaver({ client: server.client, prefix });
    const config = await kept.put(thread("t"), checkpointOf({ a: "ü" }), METADATA);
    await kept.putWrites(config, [["a", new Uint8Array([0, 255])]], "task");
    await server.restart("SIGKILL");
    const again = new HeadroomSaver({ client: server.client, prefix });
    const tuple = await again.getTuple(thread("t"));
    expect(tuple?.checkpoint.channel_values).toEqual({ a: "ü" });
    expect(tuple?.pendingWrites).toEqual([["task", "a", new Uint8Array([0, 255])]]);
  });

  it("putting, writing and reading take a round trip each, the latest two, a removed thread one", async () => {
    const { client, calls } = counted(server);
    const kept = new HeadroomSaver({ client, prefix: crypto.randomUUID() });
    const trips: number[] = [];
    const told = async (work: () => Promise<unknown>) => {
      const before = calls();
      await work();
      trips.push(calls() - before);
    };
    const config = { configurable: { ...thread("t").configurable, checkpoint_id: "" } };
    await told(() => kept.put(thread("t"), checkpointOf({}, "1"), METADATA));
    config.configurable.checkpoint_id = "1";
    await told(() =>
      kept.putWrites(
        config,
        [
          ["a", 1],
          ["b", 2],
        ],
        "task",
      ),
    );
    await told(() => kept.getTuple(config));
    await told(() => kept.getTuple(thread("t")));
    await told(() => kept.deleteThread("t"));
    expect(trips).toEqual([1, 1, 1, 2, 1]);
  });

  it("a checkpoint of 20 MB, more than a request takes, comes back whole, and is put again with another value", async () => {
    const kept = saver();
    const config = await kept.put(thread("t"), checkpointOf({ big: "é".repeat(5_000_000) }, "1"), METADATA);
    await kept.putWrites(config, [["big", "x".repeat(3_000_000)]], "task");
    const found = await kept.getTuple(config);
    expect(found?.checkpoint.channel_values.big === "é".repeat(5_000_000)).toBe(true);
    expect(found?.pendingWrites?.[0]?.[2] === "x".repeat(3_000_000)).toBe(true);
    await kept.put(thread("t"), checkpointOf({ big: "y".repeat(2_000_000) }, "1"), METADATA);
    expect((await kept.getTuple(config))?.checkpoint.channel_values.big === "y".repeat(2_000_000)).toBe(true);
  });

  it("a task's writes stay as written first, but its error and interrupt are replaced, in the order of the tasks", async () => {
    const kept = saver();
    const config = await kept.put(thread("t"), checkpointOf({}), METADATA);
    await kept.putWrites(config, [["a", "first"]], "b", "2");
    await kept.putWrites(
      config,
      [
        ["a", "second"],
        ["more", 1],
      ],
      "b",
      "2",
    );
    await kept.putWrites(config, [["__error__", "one"]], "b", "2");
    await kept.putWrites(config, [["__error__", "two"]], "b", "2");
    await kept.putWrites(config, [["a", 0]], "z", "1");
    await kept.putWrites(config, [], "none");
    expect((await kept.getTuple(config))?.pendingWrites).toEqual([
      ["z", "a", 0],
      ["b", "__error__", "two"],
      ["b", "a", "first"],
      ["b", "more", 1],
    ]);
  });

  it("writes of twenty tasks at once are all there", async () => {
    const kept = saver();
    const config = await kept.put(thread("t"), checkpointOf({}), METADATA);
    const tasks = Array.from({ length: 20 }, (_, n) => `task-${String(n).padStart(2, "0")}`);
    await Promise.all(
      tasks.map((task) =>
        kept.putWrites(
          config,
          [
            ["a", task],
            [TASKS, task],
          ],
          task,
        ),
      ),
    );
    const { pendingWrites } = (await kept.getTuple(config)) ?? {};
    expect(pendingWrites).toEqual(
      tasks.flatMap((task) => [
        [task, "a", task],
        [task, TASKS, task],
      ]),
    );
  });

  it("threads and namespaces of long and odd names are kept apart, and only the named thread is removed", async () => {
    const kept = saver();
    const long = "n".repeat(400);
    const places = ["t", "t/", "t%", "T", "ü", `${long}1`, `${long}2`].flatMap((name) =>
      ["", "a", "a/b", `${long}|1`, `${long}|2`].map((namespace) => thread(name, namespace)),
    );
    await Promise.all(places.map((place) => kept.put(place, checkpointOf(place.configurable), METADATA)));
    const found = await Promise.all(places.map((place) => kept.getTuple(place)));
    expect(found.map((tuple) => tuple?.checkpoint.channel_values)).toEqual(places.map((place) => place.configurable));
    await kept.deleteThread("t");
    const left = await Promise.all(places.map(async (place) => (await kept.getTuple(place)) !== undefined));
    expect(left).toEqual(places.map(({ configurable }) => configurable.thread_id !== "t"));
  });

  it("a history of 60 checkpoints is listed newest first, to its limit and before one of them", async () => {
    const kept = saver();
    const ids = Array.from({ length: 60 }, (_, n) => `id-${String(n).padStart(3, "0")}`);
    for (const id of ids) await kept.put(thread("t"), checkpointOf({}, id), METADATA);
    const listed = async (options: object) => {
      const found: string[] = [];
      for await (const { checkpoint } of kept.list(thread("t"), options)) found.push(checkpoint.id);
      return found;
    };
    const newest = ids.toReversed();
    expect(await listed({})).toEqual(newest);
    expect(await listed({ limit: 10 })).toEqual(newest.slice(0, 10));
    expect(await listed({ limit: 0 })).toEqual([]);
    const before = { configurable: { thread_id: "t", checkpoint_id: "id-005" } };
    expect(await listed({ before })).toEqual(newest.slice(-5));
    expect(await listed({ filter: { step: 1 } })).toEqual([]);
  });

  it("nothing of a checkpoint is found by a search of messages", async () => {
    const kept = saver();
    await kept.put(thread("t"), checkpointOf({ a: "walrusword" }), METADATA);
    const find = (mode: "keyword" | "vector") => server.client.conversations.search({ query: "walrusword", mode });
    await vi.waitUntil(async () => (await find("vector")).pending === 0, { timeout: 600_000 });
    expect([(await find("keyword")).matches, (await find("vector")).matches]).toEqual([[], []]);
  });
});
