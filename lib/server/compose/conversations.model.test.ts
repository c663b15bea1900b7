import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createConversationRows } from "../../backends/sqlite/conversation-rows.ts";
import type { DatabaseClient } from "../../backends/sqlite/database-client.ts";
import { createMessageIndexRows } from "../../backends/sqlite/message-index-rows.ts";
import { Namespaces } from "../../backends/sqlite/rag-namespaces.ts";
import { openTestDatabase } from "../../backends/sqlite/testing/open-database.ts";
import { Conversations } from "../../services/conversations.ts";
import { MessageEmbedding } from "../../services/message-embedding.ts";
import type { RagParts } from "../../services/rag-parts.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { PassageIndex } from "../../stores/rag/passage-index.ts";
import { readableEnd } from "../../stores/rag/reading-limit.ts";
import { RecentMessages } from "../../stores/rag/recent-messages.ts";
import { encodeVector } from "../../stores/rag/vector-code.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";

const DIMENSIONS = 16;
let database: DatabaseClient;
let namespaces: Namespaces;
beforeAll(async () => {
  ({ database } = await openTestDatabase());
  namespaces = await Namespaces.open(database);
});
afterAll(() => database.close());

interface Kept {
  id: string;
  content: string;
}

/** Each text has one direction of its own: the last word of it is a number. */
function vectorOf(text: string): Uint8Array {
  const vector = new Float32Array(DIMENSIONS).fill(0.01);
  vector[Number(text.slice(text.lastIndexOf("w") + 1)) % DIMENSIONS] = 1;
  return encodeVector(vector);
}

async function compose() {
  const wordsOf = async (words: string) => ({ words, languages: ["en"] });
  const options = { namespaces, model: () => "m", wordsOf };
  const clock = new FakeClock();
  const messageRows = await createMessageIndexRows(database, options);
  const yieldToLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
  const account = () => new TestAccount(2 ** 30, "rag");
  const embed = { gate: Promise.resolve() };
  const parts = {
    clock,
    messageRows,
    conversations: await createConversationRows(database, options),
    messageIndex: new PassageIndex(messageRows, account(), yieldToLoop),
    windowTurns: new KeyedLock(),
    recent: new RecentMessages({ maxItems: 6, maxBytes: 2 ** 20 }, account(), clock),
    reading: { maxTokens: 60, load: async () => readableEnd(60, (text: string) => text.length) },
    embeddings: {
      embed: async (texts: readonly string[]) => {
        await embed.gate;
        return { codes: texts.map(vectorOf) };
      },
    },
    onMessagesWait: (_: string, error: unknown) => {
      throw error;
    },
  } as unknown as RagParts;
  return { parts, clock, embed, conversations: new Conversations(parts), embedding: new MessageEmbedding(parts) };
}

const operation = fc.record({
  kind: fc.constantFrom("append", "append", "again", "edit", "remove", "truncate", "replace", "embed", "delete"),
  count: fc.integer({ min: 1, max: 4 }),
  at: fc.nat(20),
});

it("conversations say what a list says after each change, in both directions, by words, by vectors, and from memory", async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 14 }), async (operations) => {
      const namespace = `n${++made}`;
      const { parts, conversations, embedding, embed } = await compose();
      let model: Kept[] = [];
      const ever: string[] = [];
      await parts.messageIndex.open(namespace, DIMENSIONS);
      const fresh = (): Kept => {
        const content = `w${ever.length}`;
        ever.push(content);
        return { id: `id-${made}-${ever.length}`, content };
      };
      const sent = ({ id, content }: Kept) => ({ id, pointer: "", ...body(content) });
      const body = (content: string) => ({ role: "user", content, parts: null, metadata: null });
      for (const { kind, count, at } of operations) {
        const some = Array.from({ length: count }, fresh);
        const place = model.length === 0 ? -1 : at % model.length;
        const target = model[place];
        // Under way while the change happens: what it embeds may be gone by the time it is kept.
        let release: () => void = () => undefined;
        embed.gate = new Promise((resolve) => {
          release = resolve;
        });
        embedding.start(namespace);
        if (kind === "append") {
          await conversations.append(namespace, "c", some.map(sent));
          model.push(...some);
        } else if (kind === "again" && target) {
          const { created } = await conversations.append(namespace, "c", [sent(target)]);
          expect(created).toBe(false);
          const [other] = some;
          if (other)
            await expect(
              conversations.append(namespace, "c", [...some.map(sent), sent({ ...other, id: target.id })]),
            ).rejects.toMatchObject({ code: "conflict" });
        } else if (kind === "edit" && target) {
          const [{ content } = fresh()] = some;
          await conversations.edit(namespace, "c", target.id, body(content), null);
          model[place] = { id: target.id, content };
        } else if (kind === "remove" && target) {
          await conversations.removeMessage(namespace, "c", target.id, null);
          model.splice(place, 1);
        } else if (kind === "truncate" && target) {
          const { removed } = await conversations.truncate(namespace, "c", target.id, [], null);
          expect(removed).toBe(model.length - place - 1);
          model = model.slice(0, place + 1);
        } else if (kind === "replace" && target) {
          await conversations.truncate(namespace, "c", target.id, some.map(sent), null);
          model = [...model.slice(0, place + 1), ...some];
        } else if (kind === "delete" && target) {
          expect(await conversations.removeMatching(namespace, { owner: null, prefix: "c" })).toBe(1);
          model = [];
        }
        release();
        if (kind === "embed") await embedding.idle();
        await check(model, ever, namespace);
      }
      await embedding.idle();
      embedding.start(namespace);
      await embedding.idle();
      await check(model, ever, namespace);
      const { rows: inMemory } = parts.messageIndex.counters;
      expect(inMemory).toBe(parts.messageIndex.holds(namespace) ? model.length : 0);
      await parts.messageIndex.open(namespace, DIMENSIONS);
      expect(parts.messageIndex.counters.rows).toBe(model.length);
      await embedding.close();

      async function check(kept: readonly Kept[], all: readonly string[], of: string): Promise<void> {
        const range = { role: null, afterId: null, beforeId: null, cursor: null, limit: 100 };
        const plain = (rows: readonly Kept[]) => rows.map(({ id, content }) => ({ id, content }));
        const row = await parts.conversations.find(of, "c");
        const read = async (descending: boolean) =>
          row ? (await conversations.messages(of, "c", { ...range, descending })).rows : [];
        const rows = await read(false);
        expect(plain(rows)).toEqual(kept);
        expect(plain(await read(true))).toEqual(kept.toReversed());
        expect(row?.messageCount ?? 0).toBe(kept.length);
        if (row) expect(plain(await conversations.newest(row, 3, 1_000))).toEqual(kept.slice(-3));
        for (const word of all) {
          const found = await parts.messageRows.matchWords(of, word, 10, null);
          expect(found.map(({ id }) => id)).toEqual(
            rows.filter(({ content }) => content === word).map(({ rowId }) => rowId),
          );
        }
        const windows = await parts.messageRows.windowsOf(rows.map(({ rowId }) => rowId));
        const contents = new Map(rows.map(({ rowId, content }) => [rowId, content]));
        for (const { rowId, vector } of windows) expect([...vector]).toEqual([...vectorOf(contents.get(rowId) ?? "")]);
      }
    }),
    { numRuns: 12 },
  );
});
