import fc from "fast-check";
import { expect, it } from "vitest";
import { TestAccount } from "../../../testing/test-account.ts";
import { createJavaScriptKernel } from "../codec/kernel.ts";
import { BlockArena } from "./block-arena.ts";
import { BLOCK_BYTES, type Block } from "./slab.ts";

const size = fc.oneof(
  fc.integer({ min: 1, max: 200 }).map((units) => units * 16),
  fc.integer({ min: 200, max: 4_096 }).map((units) => units * 16),
  fc.constant(BLOCK_BYTES),
);
const operation = fc.record({
  kind: fc.constantFrom("allocate", "allocate", "allocate", "resize", "resize", "free", "free", "compact"),
  pick: fc.nat(),
  size,
});

interface Held {
  block: Block;
  mark: number;
}

const marksOf = ({ block }: Held) => new Set(block.slab.views.u8.subarray(block.offset, block.offset + block.bytes));

/** Copies what both sizes have. */
const keep = (bytes: number) => (from: Pick<Block, "slab" | "offset">, to: Pick<Block, "slab" | "offset">) =>
  to.slab.views.u8.set(from.slab.views.u8.subarray(from.offset, from.offset + bytes), to.offset);

it("keeps every block's bytes while blocks come, grow, shrink, move and go, and reserves at most twice what small ones hold", () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 200 }), (operations) => {
      const account = new TestAccount(24 * BLOCK_BYTES);
      const arena = new BlockArena(account, createJavaScriptKernel());
      const held: Held[] = [];
      let mark = 0;
      const fill = (entry: Held) => {
        const { slab, offset, bytes } = entry.block;
        slab.views.u8.fill(entry.mark, offset, offset + bytes);
      };
      for (const { kind, pick, size: bytes } of operations) {
        const at = held.length === 0 ? -1 : pick % held.length;
        const entry = held[at];
        if (kind === "allocate") {
          const block = arena.allocate(bytes);
          mark = (mark % 250) + 1;
          if (block) {
            held.push({ block, mark });
            fill({ block, mark });
          } else expect(account.grantedBytes + BLOCK_BYTES).toBeGreaterThan(account.ceilingBytes);
        } else if (kind === "compact") {
          while (arena.compactOne() > 0);
        } else if (!entry) continue;
        else if (kind === "free") {
          arena.free(entry.block);
          held.splice(at, 1);
        } else if (bytes < entry.block.bytes) arena.shrink(entry.block, bytes, keep(bytes));
        else if (arena.grow(entry.block, bytes, keep(entry.block.bytes))) {
          expect([...marksOf(entry)]).toContain(entry.mark);
          fill(entry);
        }
        for (const one of held) {
          expect(marksOf(one)).toEqual(new Set([one.mark]));
          expect(arena.block(one.block.id)).toBe(one.block);
        }
        expect(arena.reservedBytes).toBe(account.grantedBytes);
        while (arena.compactOne() > 0);
        const small = held.filter(({ block }) => block.bytes < BLOCK_BYTES);
        const bytesOf = (of: Held[]) => of.reduce((sum, { block }) => sum + block.bytes, 0);
        const whole = bytesOf(held) - bytesOf(small);
        // One region below half, and what is left of the last slab's regions once used.
        expect(arena.reservedBytes).toBeLessThanOrEqual(whole + 2 * bytesOf(small) + 17 * BLOCK_BYTES);
      }
    }),
    { numRuns: 150 },
  );
});
