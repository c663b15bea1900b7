import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MessageRow } from "../../ports/conversation-rows.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { RecentMessages } from "./recent-messages.ts";

const message = (rowId: number, conversationRowId: number, sequence: number, length: number): MessageRow => ({
  rowId,
  conversationRowId,
  id: `m${rowId}`,
  sequence,
  version: sequence,
  role: sequence % 2 === 0 ? "assistant" : "user",
  content: `é${rowId} `.repeat(length).trim(),
  metadata: sequence % 3 === 0 ? { toolCallId: `c${rowId}` } : null,
  parts:
    sequence % 5 === 0
      ? [
          { type: "text", text: `é${rowId}` },
          { type: "image", data: "AAAA" },
        ]
      : null,
  createdAtMs: rowId,
  updatedAtMs: rowId + 1,
});

describe("RecentMessages", () => {
  it("keeps a conversation's end without gaps, as it was appended, within both bounds and the ledger's, after each operation", () => {
    const operation = fc.record({
      kind: fc.constantFrom("add", "add", "add", "remove", "spill", "resize"),
      conversation: fc.integer({ min: 1, max: 4 }),
      length: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), fc.constantFrom(4_000, 1_000_000), (operations, ceiling) => {
        const account = new TestAccount(ceiling ?? Number.MAX_SAFE_INTEGER, "rag");
        const recent = new RecentMessages({ maxItems: 20, maxBytes: 8_000 }, account, new FakeClock());
        const model = new Map<number, MessageRow[]>();
        let rowId = 0;
        for (const { kind, conversation, length } of operations) {
          const rows = model.get(conversation) ?? [];
          if (kind === "add") {
            const row = message(++rowId, conversation, rows.length + 1, length);
            model.set(conversation, [...rows, row]);
            recent.add(row);
          } else if (kind === "remove") {
            recent.remove(conversation);
            model.delete(conversation);
          } else if (kind === "spill")
            expect(recent.spill(length * 10)).toEqual(expect.objectContaining({ items: expect.any(Number) }));
          else recent.resize({ maxItems: 10 + (length % 11) });
          expect(recent.items).toBeLessThanOrEqual(recent.bounds.maxItems);
          expect(recent.bytes).toBeLessThanOrEqual(recent.bounds.maxBytes);
          expect(account.grantedBytes).toBe(recent.bytes);
          for (const [id, all] of model) {
            const kept = recent.newest(id, 1_000);
            expect(kept).toEqual(kept.length === 0 ? [] : all.slice(-kept.length));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("takes at most half of what the messages are as text", () => {
    const recent = new RecentMessages(
      { maxItems: 1_000, maxBytes: 10_000_000 },
      new TestAccount(Number.MAX_SAFE_INTEGER, "rag"),
      new FakeClock(),
    );
    let plain = 0;
    for (let at = 1; at <= 200; at++) {
      const row = {
        ...message(at, 1, at, 1),
        content:
          `Message ${at}: the budget of the second quarter was agreed, and the invoices are to be sent before the end of the week. `.repeat(
            8,
          ),
      };
      plain += row.content.length;
      recent.add(row);
    }
    expect(recent.items).toBe(200);
    expect(recent.bytes).toBeLessThan(plain / 2);
  });
});
