import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SqlValue, Statement } from "../../ports/database.ts";
import { bytesIn, packStatements, unpackStatements } from "./packed-statements.ts";

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true }),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
);
const statement: fc.Arbitrary<Statement> = fc.record({
  sql: fc.constantFrom("a", "b", "c"),
  params: fc.array(value, { maxLength: 6 }),
});

describe("packed statements", () => {
  it("come out of a copied message as they went in, whatever they hold, in a buffer that is larger than they need", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 12 }), fc.nat(16), (statements, spare) => {
        const bytes = bytesIn(statements);
        const packed = packStatements(statements, bytes + spare > 0 ? new ArrayBuffer(bytes + spare) : null);
        expect(packed.texts.length).toBeLessThanOrEqual(3);
        expect([...unpackStatements(structuredClone(packed))]).toEqual(statements);
      }),
    );
  });

  it("keeps the bytes of views that share a buffer, each its own", () => {
    const shared = Uint8Array.from([1, 2, 3, 4, 5]);
    const params = [shared.subarray(3), shared.subarray(0, 2), shared.subarray(2, 2)];
    const packed = packStatements([{ sql: "a", params }], new ArrayBuffer(4));
    expect([...unpackStatements(packed)][0]?.params).toEqual(params);
  });
});
