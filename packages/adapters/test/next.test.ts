import { AsyncLocalStorage } from "node:async_hooks";
import { createCacheHandler, createUseCacheHandler } from "@headroom/adapters/next";
import { Headroom } from "@headroom/client";
import { counted, headroom } from "./server.ts";

const server = headroom({ HEADROOM_CACHE_MAX_ENTRIES: "1000", HEADROOM_SESSION_DURABILITY: "always" });
let names = 0;

/** Times are told in milliseconds: what comes later must be in another one. */
function nextMoment(): Promise<unknown> {
  const now = Date.now();
  return vi.waitUntil(() => Date.now() > now, { interval: 1, timeout: 600_000 });
}

type Entry = Awaited<Parameters<ReturnType<typeof createUseCacheHandler>["set"]>[1]>;
const streamOf = (...texts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
const entryOf = (text: string, more: Partial<Entry> = {}): Entry => ({
  value: streamOf(text.slice(0, 2), text.slice(2)),
  tags: [],
  stale: 0,
  timestamp: Date.now() - 1,
  expire: 3600,
  revalidate: 900,
  ...more,
});
const textOf = async (entry: Entry | undefined) => (entry ? await new Response(entry.value).text() : undefined);

describe("a handler for 'use cache'", () => {
  /** Two instances of one app. */
  const twoOf = () => {
    const prefix = `use${names++}`;
    return [0, 1].map(() => createUseCacheHandler({ client: server.client, prefix })) as [
      ReturnType<typeof createUseCacheHandler>,
      ReturnType<typeof createUseCacheHandler>,
    ];
  };

  it("gets what another instance set, each time as a stream of its own", async () => {
    const [one, other] = twoOf();
    const { timestamp, ...entry } = entryOf("the value", { tags: ["a"] });
    await one.set("k", Promise.resolve({ timestamp, ...entry }));
    const got = await other.get("k", []);
    expect(got).toMatchObject({ tags: ["a"], stale: 0, timestamp, expire: 3600, revalidate: 900 });
    expect([await textOf(got), await textOf(await other.get("k", []))]).toEqual(["the value", "the value"]);
    expect(await other.get("absent", [])).toBeUndefined();
  });

  it("a get waits for a set of the same key that is under way", async () => {
    const [one] = twoOf();
    let render: (entry: Entry) => void = () => undefined;
    const setting = one.set("k", new Promise<Entry>((resolve) => (render = resolve)));
    const got = one.get("k", []);
    render(entryOf("late"));
    expect(await textOf(await got)).toBe("late");
    await setting;
  });

  it("stores nothing of a render that failed or that is dynamic", async () => {
    const [one] = twoOf();
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("render")) });
    await expect(one.set("broken", Promise.resolve(entryOf("", { value: broken })))).rejects.toThrow("render");
    await expect(one.set("failed", Promise.reject(new Error("render")))).rejects.toThrow("render");
    await one.set("dynamic", Promise.resolve(entryOf("x", { expire: 0 })));
    for (const key of ["broken", "failed", "dynamic"]) expect(await one.get(key, []), key).toBeUndefined();
  });

  it("updateTags of one instance ends entries in all: by their own tags and by soft ones, again and again", async () => {
    const [one, other] = twoOf();
    for (const round of [1, 2]) {
      await one.set("own", Promise.resolve(entryOf("v", { tags: ["t"] })));
      await one.set("soft", Promise.resolve(entryOf("v")));
      expect([await textOf(await other.get("own", [])), await textOf(await other.get("soft", ["_N_T_/"]))]).toEqual([
        "v",
        "v",
      ]);
      await one.updateTags(["t", "_N_T_/"]);
      expect([await other.get("own", []), await other.get("soft", ["_N_T_/"])], `${round}`).toEqual([
        undefined,
        undefined,
      ]);
      await nextMoment();
    }
  });

  it("with durations entries are served once more while they are made anew, and end when that is over", async () => {
    const [one, other] = twoOf();
    await one.set("k", Promise.resolve(entryOf("v", { tags: ["t"] })));
    await one.updateTags(["t"], { expire: 3600 });
    expect(await other.get("k", [])).toMatchObject({ revalidate: -1 });
    await one.updateTags(["t"], { expire: 0 });
    expect(await other.get("k", [])).toBeUndefined();
  });

  it("takes what Next allows: 128 tags of 256 characters, and keys of any length", async () => {
    const [one, other] = twoOf();
    const tags = Array.from({ length: 128 }, (_, n) => `ü${n}`.padEnd(256, "t,"));
    const key = JSON.stringify(["build", "ü".repeat(5_000)]);
    await one.set(key, Promise.resolve(entryOf("v", { tags })));
    expect(await textOf(await other.get(key, []))).toBe("v");
    await one.updateTags([tags[127] ?? ""]);
    expect(await other.get(key, [])).toBeUndefined();
  });

  it("times of tags outlive kill -9 of the server and a purge of the cache: no old entry comes back", async () => {
    const prefix = `durable${names++}`;
    const made = () => createUseCacheHandler({ client: server.client, prefix });
    const old = entryOf("old", { tags: ["t"] });
    await made().updateTags(["t"]);
    await server.client.cache.purge({ all: true });
    await server.restart("SIGKILL");
    await made().set("k", Promise.resolve(old));
    expect(await made().get("k", [])).toBeUndefined();
  });

  it("while the server is away each get is a miss, and an update of tags is an error", async () => {
    const errors: unknown[] = [];
    const client = new Headroom({ url: "http://127.0.0.1:9", retries: 0 });
    const away = createUseCacheHandler({ client, onError: (error) => errors.push(error) });
    await away.set("k", Promise.resolve(entryOf("v")));
    expect(await away.get("k", [])).toBeUndefined();
    expect(errors).toMatchObject([{ code: "no-response" }, { code: "no-response" }]);
    await expect(away.updateTags(["t"])).rejects.toMatchObject({ code: "no-response" });
  });
});

describe("a cacheHandler", () => {
  const twoOf = () => {
    const Handler = createCacheHandler({ client: server.client, prefix: `isr${names++}` });
    const context = { revalidatedTags: [], _requestHeaders: {} };
    return [new Handler(context), new Handler(context)] as const;
  };
  const page = (more: object = {}) =>
    ({
      kind: "APP_PAGE",
      html: "<p>ü</p>",
      rscData: Buffer.from([0, 255]),
      segmentData: new Map([["/_tree", Buffer.from("tree")]]),
      status: 200,
      headers: { "x-next-cache-tags": "a,_N_T_/page" },
      ...more,
    }) as never;
  const fetched = { kind: "FETCH", data: { headers: {}, body: "b", url: "" }, revalidate: 60 } as never;
  const asPage = { kind: "APP_PAGE", isFallback: false } as never;

  it("a page comes back whole from another instance, with its Map, bytes and lifetime", async () => {
    const [one, other] = twoOf();
    await one.set("/page", page(), { cacheControl: { revalidate: 60, expire: 3600 } } as never);
    const got = await other.get("/page", asPage);
    expect(got?.value).toEqual(page());
    expect(got?.cacheControl).toEqual({ revalidate: 60, expire: 3600 });
    expect(got?.lastModified).toBeLessThanOrEqual(Date.now());
    expect(await other.get("/absent", asPage)).toBeNull();
  });

  it("null, for a page that is not found, is kept as well", async () => {
    const [one, other] = twoOf();
    await one.set("/gone", null, { cacheControl: { revalidate: 60, expire: 3600 } } as never);
    expect(await other.get("/gone", asPage)).toMatchObject({ value: null });
  });

  it("revalidateTag of one ends a page in all by its own tags, and a fetch by tags of either side", async () => {
    const [one, other] = twoOf();
    await one.set("/page", page(), {} as never);
    await one.set("f", fetched, { fetchCache: true, tags: ["mine"] } as never);
    const asFetch = (softTags: string[]) => ({ kind: "FETCH", tags: ["asked"], softTags, revalidate: 60 }) as never;
    await nextMoment();
    expect([await other.get("/page", asPage), await other.get("f", asFetch(["soft"]))]).not.toContain(null);
    await one.revalidateTag("a");
    expect(await other.get("/page", asPage)).toBeNull();
    await one.revalidateTag(["soft"]);
    expect(await other.get("f", asFetch(["soft"]))).toBeNull();
    expect(await other.get("f", asFetch([]))).not.toBeNull();
    await one.revalidateTag("mine");
    expect(await other.get("f", asFetch([]))).toBeNull();
  });

  it("with durations a page looks old enough to be rendered anew behind the answer, not too old to be served", async () => {
    const [one, other] = twoOf();
    await one.set("/page", page(), { cacheControl: { revalidate: false, expire: 3600 } } as never);
    await one.set("f", fetched, { fetchCache: true, tags: ["a"] } as never);
    await nextMoment();
    await one.revalidateTag("a", { expire: 3600 });
    const got = await other.get("/page", asPage);
    expect(got?.cacheControl).toEqual({ revalidate: 1, expire: 3600 });
    expect(got?.lastModified).toBeLessThan(Date.now() - 1000);
    expect((await other.get("f", { kind: "FETCH" } as never))?.lastModified).toBeLessThan(Date.now() - 60_000);
  });
});

it("requests of both handlers are made outside of the render, whose fetch would ask the handler itself", async () => {
  const render = new AsyncLocalStorage<string>();
  const scopes: unknown[] = [];
  const client = new Headroom({
    url: server.url,
    key: server.key,
    fetch: (input, init) => {
      scopes.push(render.getStore());
      return fetch(input, init);
    },
  });
  const prefix = `render${names++}`;
  await render.run("a render", async () => {
    const use = createUseCacheHandler({ client, prefix });
    await use.set("k", Promise.resolve(entryOf("kept", { tags: ["a"] })));
    expect(await textOf(await use.get("k", ["soft"]))).toBe("kept");
    await use.updateTags(["a"]);
    const pages = new (createCacheHandler({ client, prefix }))({ serverDistDir: "" } as never);
    await pages.set("/page", null, {} as never);
    expect(await pages.get("/page", { kind: "FETCH", tags: ["a"], softTags: [] } as never)).not.toBeNull();
    await pages.revalidateTag("a");
    expect(render.getStore()).toBe("a render");
  });
  expect(scopes).toEqual(Array(9).fill(undefined));
});

it("the times of all tags of an entry take one round trip", async () => {
  const { client, calls } = counted(server);
  const use = createUseCacheHandler({ client, prefix: `trips${names++}` });
  await use.set("k", Promise.resolve(entryOf("kept", { tags: ["a", "b", "c"] })));
  const before = calls();
  await use.get("k", ["d", "e"]);
  await use.get("absent", ["d", "e"]);
  expect(calls() - before).toBe(3);
});
