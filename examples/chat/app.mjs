// A chat with memory: messages and documents are in Headroom, and nothing is in this process.
import { createServer } from "node:http";
import { HeadroomChatStore } from "@headroom/adapters/ai-sdk";
import { Headroom } from "@headroom/client";
import {
  convertToModelMessages,
  createUIMessageStream,
  generateId,
  pipeUIMessageStreamToResponse,
  streamText,
} from "ai";

const client = new Headroom({ url: process.env.HEADROOM_URL, key: process.env.HEADROOM_API_KEY });
const chats = new HeadroomChatStore({ client });
const { model } = await import(process.env.MODEL ?? "./model.mjs");
const LARGEST_BODY = 65_536;

/** Asks at the end of the chat, or anew after a message of it (null: from its beginning). Two round trips. */
async function answer(chatId, { text, after }, response) {
  const prompt = await client.documents.context({
    query: text,
    conversationId: chatId,
    maxTokens: 8_000,
    system: "You answer for the harbour.",
  });
  const messages = prompt.messages.map(({ role, content, metadata }) => ({
    id: metadata?.uiMessage.id,
    role,
    parts: typeof content === "string" ? [{ type: "text", text: content }] : content,
  }));
  const question = { id: generateId(), role: "user", parts: [{ type: "text", text }] };
  // The question stands last.
  const history = messages.slice(0, -1).filter(({ role }) => role !== "system");
  const instructions = messages.filter(({ role }) => role === "system");
  const stays = after === undefined ? history : history.slice(0, history.findIndex(({ id }) => id === after) + 1);

  const result = streamText({
    model,
    messages: await convertToModelMessages([...instructions, ...stays, question]),
    // Those of the prompt: the text above, and the passages as quoted material.
    allowSystemInMessages: true,
  });
  const keep = async ({ responseMessage, isAborted }) => {
    if (isAborted) return;
    const turn = [question, responseMessage];
    if (after === undefined) await chats.append(chatId, turn);
    else await chats.replaceAfter(chatId, after, turn);
  };
  // Merged into another stream, so that a turn that could not be kept ends the answer with an error.
  const stream = createUIMessageStream({
    execute: ({ writer }) => writer.merge(result.toUIMessageStream({ generateMessageId: generateId, onEnd: keep })),
    onError: () => "This answer was not kept.",
  });
  await pipeUIMessageStreamToResponse({ response, stream });
}

async function bodyOf(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > LARGEST_BODY) throw new RangeError("The question is too long.");
  }
  const { text, after } = JSON.parse(body);
  if (typeof text !== "string" || text === "") throw new TypeError("A question needs a text.");
  return { text, after };
}

async function handle(request, response) {
  const chatId = /^\/chats\/([\w-]{1,64})$/.exec(request.url)?.[1];
  if (!chatId) return void response.writeHead(404).end();
  if (request.method === "GET") {
    response.setHeader("content-type", "application/json");
    return void response.end(JSON.stringify(await chats.load(chatId)));
  }
  const question = await bodyOf(request).catch((error) => void response.writeHead(400).end(`${error.message}\n`));
  if (question) await answer(chatId, question, response);
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    if (response.headersSent) response.destroy();
    else response.writeHead(503).end();
  });
});
server.listen(Number(process.env.PORT ?? 3002), "127.0.0.1", () => {
  console.log(`The chat is at http://127.0.0.1:${server.address().port}`);
});
