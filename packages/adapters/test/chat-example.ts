import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import type { UIMessage } from "ai";
import { type RunningApp, startExample } from "./running-app.ts";
import type { Running } from "./server.ts";

const README = path.resolve(import.meta.dirname, "../../../examples/chat/README.md");
/** A model that writes a word, and the next one when the address GATE has answered. */
const GATED_MODEL = `
import { MockLanguageModelV3 } from "ai/test";
export const model = new MockLanguageModelV3({
  doStream: async () => ({
    stream: new ReadableStream({
      async start(controller) {
        controller.enqueue({ type: "text-start", id: "1" });
        controller.enqueue({ type: "text-delta", id: "1", delta: "First " });
        await fetch(process.env.GATE);
        controller.enqueue({ type: "text-delta", id: "1", delta: "second." });
        controller.enqueue({ type: "text-end", id: "1" });
        const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
        controller.enqueue({ type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage });
        controller.close();
      },
    }),
  }),
});
`;

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Passes requests on, and counts them. */
async function countingProxy(target: string) {
  let calls = 0;
  const proxy = createServer((incoming, outgoing) => {
    calls++;
    const { method, headers, url = "" } = incoming;
    const passed = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  return { url: await listening(proxy), calls: () => calls, close: () => proxy.close() };
}

const textOf = ({ parts }: UIMessage) => parts.map((part) => (part.type === "text" ? part.text : "")).join("");
const deltaOf = (line: string): string => {
  const part = line.startsWith("data: {") ? (JSON.parse(line.slice(6)) as { type: string; delta?: string }) : null;
  return part?.type === "text-delta" ? (part.delta ?? "") : "";
};
const answerOf = (stream: string): string => stream.split("\n").map(deltaOf).join("");

/** What `examples/chat` promises, against a running server. */
export function chatExample(server: Running, folder: () => string): void {
  let proxy: Awaited<ReturnType<typeof countingProxy>>;
  let chat: RunningApp;
  const start = async (more: Record<string, string> = {}) => {
    chat = await startExample("chat", folder(), { HEADROOM_URL: proxy.url, HEADROOM_API_KEY: server.key, ...more });
  };
  const ask = (id: string, body: object) =>
    fetch(`${chat.url}/chats/${id}`, { method: "POST", body: JSON.stringify(body) });
  const answered = async (id: string, body: object) => answerOf(await (await ask(id, body)).text());
  const messages = async (id: string) => (await (await fetch(`${chat.url}/chats/${id}`)).json()) as UIMessage[];
  const texts = async (id: string) => (await messages(id)).map(textOf);

  beforeAll(async () => {
    proxy = await countingProxy(server.url);
    await server.client.documents.put("harbour", { text: "The harbour opens at six in the morning." });
    await start();
  });
  afterAll(async () => {
    await chat.stop();
    proxy.close();
  });

  it("the commands of its README run: a follow-up knows the question before, and documents are found", async () => {
    const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(readFileSync(README, "utf8")) ?? [];
    const script = commands.replaceAll("curl", "curl -sS --fail");
    const env = { ...process.env, CHAT: chat.url };
    const { stdout } = await promisify(execFile)("bash", ["-euc", script], { env });
    const answers = answerOf(stdout);
    expect(answers).toContain('You asked "When does it open?", before that "". The documents: opens at six.');
    expect(answers).toContain('You asked "And on Sundays?", before that "When does it open?".');
    expect(answers).toContain('You asked "When does it close?", before that "".');
    expect(await texts("harbour")).toEqual([
      "When does it close?",
      expect.stringContaining('asked "When does it close?"'),
    ]);
  });

  it("a chat goes on after kill -9 of the app, and each turn takes two round trips", async () => {
    await answered("ada", { text: "My name is Ada." });
    await chat.stop("SIGKILL");
    await start();
    const before = proxy.calls();
    expect(await answered("ada", { text: "What is my name?" })).toContain('before that "My name is Ada."');
    expect(proxy.calls() - before).toBe(2);
    expect(await texts("ada")).toHaveLength(4);
  });

  it("a turn with an edited question takes the place of the one before in two round trips, and knows only what stays", async () => {
    await answered("grace", { text: "One?" });
    await answered("grace", { text: "Two?" });
    await answered("grace", { text: "Three?" });
    const kept = await messages("grace");
    const before = proxy.calls();
    expect(await answered("grace", { text: "Edited?", after: kept[1]?.id })).toContain('"Edited?", before that "One?"');
    expect(proxy.calls() - before).toBe(2);
    const now = await messages("grace");
    expect(now.slice(0, 2)).toEqual(kept.slice(0, 2));
    expect(now.slice(2).map(textOf)).toEqual(["Edited?", expect.stringContaining('You asked "Edited?"')]);
  });

  it("an edit further back than a prompt reaches knows what stays", async () => {
    await answered("early", { text: "One?" });
    for (const name of ["alpha", "beta", "gamma", "delta"]) await answered("early", { text: `${name} `.repeat(1_000) });
    const kept = await messages("early");
    const edited = await answered("early", { text: "Edited?", after: kept[1]?.id });
    expect(edited).toContain('You asked "Edited?", before that "One?"');
    const now = await messages("early");
    expect(now.slice(0, 2)).toEqual(kept.slice(0, 2));
    expect(now).toHaveLength(4);
  });

  it("an unknown place, no question, and no chat change nothing", async () => {
    await answered("still", { text: "One?" });
    const kept = await texts("still");
    const told = await (await ask("still", { text: "Two?", after: "nobody" })).text();
    expect(told).toContain('{"type":"error","errorText":"This answer was not kept."}');
    expect((await ask("still", {})).status).toBe(400);
    expect((await ask("still", { text: "x".repeat(70_000) })).status).toBe(400);
    expect((await ask("no/such", { text: "Two?" })).status).toBe(404);
    expect(await texts("still")).toEqual(kept);
  });

  it("an answer comes in pieces: its first word is there while the model still writes", async () => {
    const gate = createServer();
    const asked = new Promise<ServerResponse>((resolve) => gate.once("request", (_, response) => resolve(response)));
    writeFileSync(path.join(folder(), "gated-model.mjs"), GATED_MODEL);
    await chat.stop();
    await start({ MODEL: "../gated-model.mjs", GATE: await listening(gate) });
    const { body } = await ask("pieces", { text: "Slowly?" });
    let received = "";
    const decoder = new TextDecoder();
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
      received += decoder.decode(piece, { stream: true });
      if (answerOf(received) !== "First ") continue;
      expect(await texts("pieces")).toEqual([]);
      (await asked).end();
    }
    gate.close();
    expect(answerOf(received)).toBe("First second.");
    expect(await texts("pieces")).toEqual(["Slowly?", "First second."]);
  });
}
