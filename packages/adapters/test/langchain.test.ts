import {
  HeadroomChatMessageHistory,
  HeadroomEmbeddings,
  HeadroomLlmCache,
  HeadroomVectorStore,
} from "@headroom/adapters/langchain";
import { Headroom } from "@headroom/client";
import { Document } from "@langchain/core/documents";
import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeEmbeddings, FakeListChatModel } from "@langchain/core/utils/testing";
import { counted, headroom } from "./server.ts";

const server = headroom({ HEADROOM_CACHE_MAX_ENTRIES: "1000" });

describe("chat message history", () => {
  const history = (sessionId: string = crypto.randomUUID(), client = server.client) =>
    new HeadroomChatMessageHistory({ client, sessionId });
  const dicts = (messages: { toDict(): unknown }[]) => JSON.parse(JSON.stringify(messages.map((one) => one.toDict())));
  const ALL = [
    new SystemMessage("Be brief."),
    new HumanMessage({
      content: [
        { type: "text", text: "What is this? ü" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${"QUJD".repeat(30_000)}` } },
      ],
      name: "Ann",
      id: "h-1",
    }),
    new AIMessage({
      content: "",
      tool_calls: [{ name: "look", args: { at: [1, null] }, id: "call-1", type: "tool_call" }],
    }),
    new ToolMessage({ content: "a cat", tool_call_id: "call-1", status: "error", artifact: { raw: 1 } }),
    new AIMessage({ content: "A cat.", response_metadata: { model: "m" }, id: "a-2", additional_kwargs: { x: 1 } }),
    new ChatMessage({ content: "aside", role: "narrator" }),
  ];

  it("messages of every kind come back as they were, content in parts of more than 64 KiB too, and after kill -9", async () => {
    const id = crypto.randomUUID();
    await history(id).addMessages(ALL);
    const found = await history(id).getMessages();
    expect(dicts(found)).toEqual(dicts(ALL));
    expect(found.map((message) => message.constructor.name)).toEqual(ALL.map((message) => message.constructor.name));
    await server.restart("SIGKILL");
    expect(dicts(await history(id).getMessages())).toEqual(dicts(ALL));
  });

  it("what a stream was put together from is kept as the answer that it is", async () => {
    const kept = history();
    await kept.addMessage(new AIMessageChunk({ content: "whole" }));
    expect((await kept.getMessages()).map(({ text, type }) => [type, text])).toEqual([["ai", "whole"]]);
  });

  it("many messages are added in one round trip, in order; an unknown and a cleared one are empty", async () => {
    const { client, calls } = counted(server);
    const kept = history(crypto.randomUUID(), client);
    expect(await kept.getMessages()).toEqual([]);
    await kept.addMessages(Array.from({ length: 100 }, (_, n) => new HumanMessage(`${n}`)));
    expect(calls()).toBe(2);
    await kept.addMessages(Array.from({ length: 150 }, (_, n) => new HumanMessage(`${100 + n}`)));
    expect((await kept.getMessages()).map(({ text }) => text)).toEqual(Array.from({ length: 250 }, (_, n) => `${n}`));
    await kept.clear();
    await kept.clear();
    expect(await kept.getMessages()).toEqual([]);
  });

  it("messages that others appended are read too", async () => {
    const id = crypto.randomUUID();
    await server.client.conversations.append(id, { role: "assistant", content: "plain" });
    expect((await history(id).getMessages()).map(({ type, text }) => [type, text])).toEqual([["ai", "plain"]]);
  });

  it("RunnableWithMessageHistory goes on where a conversation was", async () => {
    const seen: number[] = [];
    const model = RunnableLambda.from((messages: HumanMessage[]) => {
      seen.push(messages.length);
      return new AIMessage("ok");
    });
    const chain = new RunnableWithMessageHistory({ runnable: model, getMessageHistory: (id) => history(id) });
    const config = { configurable: { sessionId: crypto.randomUUID() } };
    await chain.invoke([new HumanMessage("one")], config);
    await chain.invoke([new HumanMessage("two")], config);
    expect(seen).toEqual([1, 3]);
    expect(await history(config.configurable.sessionId).getMessages()).toHaveLength(4);
  });
});

describe("vector store", () => {
  const store = (client = server.client) =>
    new HeadroomVectorStore(new FakeEmbeddings(), { client, collection: `lc-${crypto.randomUUID()}` });
  const doc = (pageContent: string, metadata: Record<string, unknown> = {}, id?: string) =>
    new Document({ pageContent, metadata, ...(id === undefined ? {} : { id }) });
  const VECTORS = [
    [1, 0, 0],
    [0.9, 0.1, 0],
    [0, 1, 0],
  ];
  const DOCUMENTS = [
    doc("a", { lang: "en" }, "1"),
    doc("b", { lang: "de" }, "2"),
    doc("c", { lang: "en", n: [1] }, "3"),
  ];

  it("vectors are added in two round trips, the first time, and found best first with what they hold", async () => {
    const { client, calls } = counted(server);
    const kept = store(client);
    expect(await kept.addVectors(VECTORS, DOCUMENTS)).toEqual(["1", "2", "3"]);
    const found = await kept.similaritySearchVectorWithScore([1, 0, 0], 3);
    expect(found.map(([document]) => document)).toEqual(DOCUMENTS);
    expect(found.map(([, score]) => score)[0]).toBeCloseTo(1, 3);
    expect(calls()).toBe(3);
  });

  it("a filter names members of the metadata, in Headroom's form", async () => {
    const kept = store();
    await kept.addVectors(VECTORS, DOCUMENTS);
    const ids = async (filter: object) =>
      (await kept.similaritySearchVectorWithScore([1, 0, 0], 3, { ...filter })).map(([{ id }]) => id);
    expect(await ids({ lang: "en" })).toEqual(["1", "3"]);
    expect(await ids({ lang: { ne: "en" } })).toEqual(["2"]);
  });

  it("ids of the call come before the documents' own; without either they are new, and the same id replaces", async () => {
    const kept = store();
    expect(await kept.addVectors([[1, 0]], [doc("a", {}, "own")], { ids: ["given"] })).toEqual(["given"]);
    await kept.addVectors([[1, 0]], [doc("again")], { ids: ["given"] });
    const [id = ""] = await kept.addVectors([[0, 1]], [doc("new")]);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const found = await kept.similaritySearchVectorWithScore([1, 0], 5);
    expect(found.map(([{ pageContent }]) => pageContent)).toEqual(["again", "new"]);
  });

  it("documents are removed by ids, by filter, and all; of nothing nothing is found or removed", async () => {
    const kept = store();
    const left = async () => (await kept.similaritySearchVectorWithScore([1, 1, 1], 9)).map(([{ id }]) => id).sort();
    expect(await left()).toEqual([]);
    await kept.delete({ ids: ["1"] });
    expect(await kept.addVectors([], [])).toEqual([]);
    await kept.addVectors(VECTORS, DOCUMENTS);
    await kept.delete({ ids: ["1", "absent"] });
    expect(await left()).toEqual(["2", "3"]);
    await kept.delete({ filter: { lang: "de" } });
    expect(await left()).toEqual(["3"]);
    await kept.delete({ all: true });
    expect(await left()).toEqual([]);
  });

  it("a document over 16 KB is refused by its place and id", async () => {
    const documents = [doc("short", {}, "1"), doc("x".repeat(20_000), {}, "long")];
    await expect(store().addVectors(VECTORS.slice(0, 2), documents)).rejects.toThrow(/^document 1 \(long\): /);
  });

  it("texts are embedded by the server and found by meaning; a retriever by MMR takes others than the most alike", async () => {
    const embeddings = new HeadroomEmbeddings({ client: server.client });
    const texts = ["The cat sleeps.", "The cat is sleeping.", "Interest rates rise."];
    const options = { client: server.client, collection: `lc-${crypto.randomUUID()}` };
    const kept = await HeadroomVectorStore.fromTexts(
      texts,
      texts.map((_, n) => ({ n })),
      embeddings,
      options,
    );
    const [first] = await kept.similaritySearch("central bank", 1);
    expect(first).toMatchObject({ pageContent: "Interest rates rise.", metadata: { n: 2 } });
    const varied = kept.asRetriever({ searchType: "mmr", k: 2, searchKwargs: { fetchK: 3, lambda: 0.1 } });
    expect((await varied.invoke("a cat")).map(({ metadata }) => metadata.n)).toContain(2);
  });
});

describe("cache of answers", () => {
  it("a model is asked once for the same prompt, whichever process asks; its answer comes back with its tool calls", async () => {
    const prefix = `${crypto.randomUUID()}:`;
    const model = () =>
      new FakeListChatModel({
        responses: ["one", "two"],
        cache: new HeadroomLlmCache({ client: server.client, prefix }),
      });
    expect((await model().invoke("q")).text).toBe("one");
    const again = model();
    expect((await again.invoke("other")).text).toBe("one");
    expect((await again.invoke("q")).text).toBe("one");
    expect((await again.invoke("third")).text).toBe("two");
    const cache = new HeadroomLlmCache({ client: server.client, prefix });
    const message = new AIMessage({ content: "", tool_calls: [{ name: "t", args: {}, id: "c", type: "tool_call" }] });
    await cache.update("p", "llm", [{ text: "", message } as never]);
    expect(await cache.lookup("p", "llm")).toMatchObject([
      { text: "", message: { tool_calls: [{ name: "t", id: "c" }] } },
    ]);
    expect(await cache.lookup("p", "other llm")).toBeNull();
  });

  it("without the server nothing is found, and nothing fails", async () => {
    const cache = new HeadroomLlmCache({ client: new Headroom({ url: "http://127.0.0.1:9", key: "k", retries: 0 }) });
    await cache.update("p", "llm", [{ text: "a" }]);
    expect(await cache.lookup("p", "llm")).toBeNull();
  });
});
