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
const MOST_TOKENS = 8_000;
/** About so many in English. */
const CHARACTERS_OF_TOKEN = 4;

/** The prompt of the server, as UI messages; the question, which stands last, is left out. */
async function contextOf(query, { conversationId, maxTokens = MOST_TOKENS } = {}) {
  const system = "You answer for the harbour.";
  const { messages } = await client.documents.context({ query, conversationId, maxTokens, system });
  const all = messages.slice(0, -1).map(({ role, content, metadata }) => ({
    id: metadata?.uiMessage.id,
    role,
    parts: typeof content === "string" ? [{ type: "text", text: content }] : content,
  }));
  return {
    instructions: all.filter(({ role }) => role === "system"),
    history: all.filter(({ role }) => role !== "system"),
  };
}

const upTo = (messages, after) => messages.slice(0, messages.findIndex(({ id }) => id === after) + 1);

/** The newest whole turns of so many characters: a turn begins with a question. */
function newest(messages, mostCharacters) {
  let begins = messages.length;
  let characters = 0;
  for (let at = messages.length - 1; at >= 0; at--) {
    characters += JSON.stringify(messages[at].parts).length;
    if (characters > mostCharacters) break;
    if (messages[at].role === "user") begins = at;
  }
  return messages.slice(begins);
}

async function promptOf(chatId, text, after) {
  const { instructions, history } = await contextOf(text, after === null ? {} : { conversationId: chatId });
  if (after === undefined) return [...instructions, ...history];
  const stays = upTo(history, after);
  if (after === null || stays.length > 0) return [...instructions, ...stays];
  // The message is older than that prompt reaches, whose summary tells of what is replaced: one without the chat.
  const [documents, all] = await Promise.all([contextOf(text, { maxTokens: MOST_TOKENS / 2 }), chats.load(chatId)]);
  return [...documents.instructions, ...newest(upTo(all, after), (MOST_TOKENS / 2) * CHARACTERS_OF_TOKEN)];
}

/** Asks at the end of the chat, or anew after a message of it (null: from its beginning). Two round trips, or three. */
async function answer(chatId, { text, after }, response) {
  const question = { id: generateId(), role: "user", parts: [{ type: "text", text }] };
  const prompt = await promptOf(chatId, text, after);
  const result = streamText({
    model,
    messages: await convertToModelMessages([...prompt, question]),
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
