import {
  HeadroomChatStore,
  headroomEmbedding,
  headroomResponseCache,
  headroomRetrieval,
} from "@headroom/adapters/ai-sdk";
import { Headroom } from "@headroom/client";
import type * as AI from "ai";
import { type Call, callParts, standIn, textParts } from "./ai-sdk-models.ts";
import { counted, headroom } from "./server.ts";

type Message = AI.UIMessage;
const user = (id: string, text: string): Message => ({ id, role: "user", parts: [{ type: "text", text }] });

/** Everything that a chat may hold, in an order of members that is not the usual one. */
const RICH = [
  {
    parts: [{ type: "text", text: "Grüße 👋\n\u0000 end" }],
    role: "user",
    id: "u-1",
    metadata: { z: 1, a: [null, 0.1] },
  },
  {
    id: "a-1",
    metadata: { at: 1e21, nested: { __proto__x: {}, "": "" } },
    role: "assistant",
    parts: [
      { type: "step-start" },
      { type: "reasoning", text: "hm", state: "done", providerMetadata: { p: { signature: "s==" } } },
      {
        type: "tool-search",
        toolCallId: "c",
        state: "output-available",
        input: { q: "x" },
        output: { rows: [1, "2"] },
      },
      { type: "dynamic-tool", toolName: "t", toolCallId: "d", state: "output-error", input: 1, errorText: "no" },
      {
        type: "file",
        mediaType: "image/png",
        url: `data:image/png;base64,${"QUJD".repeat(30_000)}`,
        filename: "a.png",
      },
      { type: "source-url", sourceId: "s", url: "https://example.org/?a=1&b=2", title: "T" },
      { type: "data-weather", id: "w", data: { c: -0.5, list: [] } },
      { text: "", type: "text" },
    ],
  },
  { id: "empty", role: "assistant", parts: [] },
  { id: "s-1", role: "system", parts: [{ type: "text", text: "Be brief." }] },
] as unknown as Message[];

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function aiSdkContract(ai: typeof AI, version: string): void {
  const server = headroom({ HEADROOM_CACHE_MAX_ENTRIES: "1000" });
  const chat = () => crypto.randomUUID();
  const stored = () => {
    const { client, calls } = counted(server);
    return { store: new HeadroomChatStore({ client, prefix: `ai-${version}:` }), calls };
  };

  describe("embedding model", () => {
    it("embed and embedMany give the server's vectors in order, of unit length", async () => {
      const model = headroomEmbedding({ client: server.client });
      const values = ["a cat sleeps", "interest rates rise", "a kitten naps"];
      const { embeddings, usage } = await ai.embedMany({ model, values });
      const { embedding } = await ai.embed({ model, value: values[1] as string });
      const [cat, rates, kitten] = embeddings as [number[], number[], number[]];
      expect(ai.cosineSimilarity(embedding, rates)).toBeCloseTo(1, 4);
      expect(ai.cosineSimilarity(cat, kitten)).toBeGreaterThan(ai.cosineSimilarity(cat, rates));
      expect(Math.hypot(...cat)).toBeCloseTo(1, 4);
      expect(usage.tokens).toBeGreaterThan(0);
    });

    it("texts that are too many characters for one request go in several", async () => {
      const sent: number[] = [];
      const fake: typeof fetch = async (_input, init) => {
        const { input } = JSON.parse(String(init?.body)) as { input: string[] };
        sent.push(input.length);
        const data = input.map((text) => ({ embedding: [text.length] }));
        return Response.json({ data, usage: { total_tokens: 1 } });
      };
      const model = headroomEmbedding({ client: new Headroom({ url: server.url, fetch: fake }) });
      const values = Array.from({ length: 70 }, (_, n) => "x".repeat(60_000 + n));
      const { embeddings } = await ai.embedMany({ model, values });
      expect([sent, embeddings.map(([length]) => length)]).toEqual([[33, 33, 4], values.map(({ length }) => length)]);
    });
  });

  describe("chats", () => {
    it("messages of every kind of part come back byte for byte, and after kill -9", async () => {
      const { store } = stored();
      const id = chat();
      await store.append(id, RICH);
      expect(JSON.stringify(await store.load(id))).toBe(JSON.stringify(RICH));
      await server.restart("SIGKILL");
      expect(JSON.stringify(await stored().store.load(id))).toBe(JSON.stringify(RICH));
    });

    it("a chat that is not there is empty, and a deleted one again", async () => {
      const { store } = stored();
      const id = chat();
      expect([await store.load(id), await store.delete(id)]).toEqual([[], false]);
      await store.append(id, [user("u", "hi")]);
      expect([await store.delete(id), await store.load(id)]).toEqual([true, []]);
    });

    it("an answer is generated again, and a question edited, in one round trip each; loading takes another", async () => {
      const { store, calls } = stored();
      const id = chat();
      const [asked, answered, edited] = [user("u-1", "one"), RICH[1] as Message, user("u-1", "edited")];
      await store.append(id, [asked, answered]);
      const again = { ...answered, id: "a-2" };
      await store.replaceAfter(id, "u-1", [again]);
      expect(calls()).toBe(2);
      expect(await store.load(id)).toEqual([asked, again]);
      await store.replaceAfter(id, null, [edited, answered]);
      expect([await store.load(id), calls()]).toEqual([[edited, answered], 5]);
      await expect(store.replaceAfter(id, "absent", [asked])).rejects.toMatchObject({ status: 404 });
      expect(await store.load(id)).toEqual([edited, answered]);
    });

    it("save makes the chat what it is given, in two round trips: longer, changed, shorter, other, and as it was", async () => {
      const id = chat();
      const [one, two, three] = [user("1", "one"), user("2", "two"), user("3", "three")];
      const changed = { ...two, parts: [{ type: "text" as const, text: "continued" }] };
      for (const wanted of [
        [one],
        [one, two],
        [one, changed],
        [one, changed, three],
        [one, changed, three],
        [one],
        [three],
        [],
      ]) {
        const { store, calls } = stored();
        await store.save(id, wanted);
        expect(calls()).toBeLessThanOrEqual(2);
        expect(await store.load(id)).toEqual(wanted);
      }
    });

    it("a chat of 1,200 messages is kept in order, and its last answer replaced", async () => {
      const { store } = stored();
      const id = chat();
      const many = Array.from({ length: 1_200 }, (_, n) => user(`m${n}`, `${n}`));
      await store.save(id, many);
      const last = { ...(many[1_199] as Message), id: "again" };
      await store.save(id, [...many.slice(0, -1), last]);
      expect(await store.load(id)).toEqual([...many.slice(0, -1), last]);
    });

    it("a message without an id is refused by name, and nothing of its batch is kept", async () => {
      const { store } = stored();
      const id = chat();
      const wrong = store.append(id, [user("ok", "1"), user("", "2")]);
      await expect(wrong).rejects.toMatchObject({ status: 400, errors: [{ path: "/messages/1/id" }] });
      expect(await store.load(id)).toEqual([]);
    });
  });

  describe("response cache", () => {
    const cached = (model: ReturnType<typeof standIn>["model"], client = server.client, prefix = `${chat()}:`) =>
      ai.wrapLanguageModel({
        model: model as Parameters<typeof ai.wrapLanguageModel>[0]["model"],
        middleware: headroomResponseCache({ client, prefix, maxAgeSeconds: 600, tags: [`v${version}`] }),
      });
    const ask = async (model: AI.LanguageModel, prompt: string, more: object = {}) =>
      (await ai.generateText({ model, prompt, ...more })).text;

    it("what was generated is answered again without the model; another prompt, setting or header asks it", async () => {
      const { model, calls } = standIn((_, n) => textParts(`answer ${n}`));
      const wrapped = cached(model);
      expect([await ask(wrapped, "q"), await ask(wrapped, "q")]).toEqual(["answer 1", "answer 1"]);
      expect(await ask(wrapped, "other")).toBe("answer 2");
      expect(await ask(wrapped, "q", { temperature: 0.5 })).toBe("answer 3");
      expect(await ask(wrapped, "q", { headers: { "x-tenant": "b" } })).toBe("answer 4");
      expect(calls).toHaveLength(4);
    });

    it("dates, bytes and usage of an answer survive, secrets of the request do not", async () => {
      const file = { type: "file", mediaType: "image/png", data: new Uint8Array([0, 255, 7]) };
      const { model } = standIn(() => [file, ...textParts("with a picture")]);
      const wrapped = cached(model);
      const prompt = "draw";
      const first = await ai.generateText({ model: wrapped, prompt });
      const second = await ai.generateText({ model: wrapped, prompt });
      expect(second.files[0]?.uint8Array).toEqual(new Uint8Array([0, 255, 7]));
      expect(second.response.timestamp).toEqual(first.response.timestamp);
      expect(second.usage).toEqual(first.usage);
      expect(second.response.headers ?? {}).not.toHaveProperty("secret");
    });

    it("a stream is played again part by part", async () => {
      const { model, calls } = standIn(() => textParts("streamed"));
      const wrapped = cached(model);
      const deltas = async () => allOf(ai.streamText({ model: wrapped, prompt: "q" }).textStream);
      expect([await deltas(), await deltas()]).toEqual([[..."streamed"], [..."streamed"]]);
      expect(calls).toHaveLength(1);
    });

    it("a stream that is stopped, fails, or is filtered is not kept", async () => {
      const { model, calls } = standIn((_, n) => {
        if (n === 1)
          return [
            ...textParts("broken").slice(0, 5),
            { type: "error", error: new Error("provider") },
            ...textParts("").slice(-1),
          ];
        if (n === 2) return textParts("filtered", "content-filter");
        return n === 3 ? textParts("stopped").slice(0, 6) : textParts("whole");
      });
      const wrapped = cached(model);
      const text = async () => {
        const { textStream } = ai.streamText({ model: wrapped, prompt: "q", onError: () => undefined });
        return (await allOf(textStream)).join("");
      };
      await text();
      await text();
      const stop = new AbortController();
      const stopped = ai.streamText({ model: wrapped, prompt: "q", abortSignal: stop.signal }).textStream.getReader();
      await stopped.read();
      stop.abort();
      while (!(await stopped.read()).done);
      expect([await text(), await text(), calls.length]).toEqual(["whole", "whole", 4]);
    });

    it("without the server the model answers, and a failure of the model is the caller's", async () => {
      const away = new Headroom({ url: "http://127.0.0.1:9", key: "k", retries: 0 });
      const { model } = standIn((_, n) => textParts(`${n}`));
      const wrapped = cached(model, away);
      expect([await ask(wrapped, "q"), await ask(wrapped, "q")]).toEqual(["1", "2"]);
      const failing = standIn(() => {
        throw new Error("no model");
      });
      await expect(ask(cached(failing.model), "q", { maxRetries: 0 })).rejects.toThrow("no model");
    });
  });

  describe("retrieval", () => {
    it("a model that calls the tool gets the passages of the application's filter, and answers with them", async () => {
      await server.client.documents.put("kettle", {
        text: "The kettle whistles at 96 degrees.",
        metadata: { team: "support" },
      });
      await server.client.documents.put("secret", {
        text: "The kettle of the board whistles at 99 degrees.",
        metadata: { team: "board" },
      });
      const { model, calls } = standIn((_, n) =>
        n === 1 ? callParts("search", { query: "When does the kettle whistle?" }) : textParts("At 96."),
      );
      const search = headroomRetrieval({ client: server.client, filter: { team: "support" } });
      const result = await ai.generateText({
        model,
        prompt: "kettle?",
        tools: { search },
        stopWhen: ai.stepCountIs(3),
      });
      expect(result.text).toBe("At 96.");
      const told = JSON.stringify((calls[1] as Call).prompt.at(-1));
      expect(told).toContain("96 degrees");
      expect(told).not.toContain("99");
    });
  });

  it("a route that loads, streams and saves keeps the turns of a chat, with ids for the answers", async () => {
    const { model, calls } = standIn((_, n) => textParts(`answer ${n}`));
    const { store, calls: trips } = stored();
    const id = chat();
    const answer = async (asked: Message) => {
      const messages = [...(await store.load(id)), asked];
      const result = ai.streamText({ model, messages: await ai.convertToModelMessages(messages) });
      const response = result.toUIMessageStreamResponse({
        originalMessages: messages,
        generateMessageId: ai.generateId,
        onFinish: (turn) => store.save(id, turn.messages),
      });
      return await response.text();
    };
    expect(await answer(user("u-1", "hello"))).toContain("text-delta");
    await answer(user("u-2", "and then?"));
    expect(trips()).toBe(6);
    const kept = await store.load(id);
    expect(kept.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(JSON.stringify(calls[1]?.prompt)).toContain("answer 1");
  });
}
