import fc from "fast-check";
import { expect, it } from "vitest";
import { IdIndex, isSessionId, newSessionId } from "./id-index.ts";

it("finds what a Map finds through any adding, removing and growing, chains that collide included", () => {
  // Few first bytes, so that most ids want the same place.
  const pool = Array.from({ length: 40 }, (_, i) => {
    const id = Buffer.from(newSessionId(), "base64url");
    id.writeUInt32LE(i % 3, 0);
    id.writeUInt32LE(0, 4);
    return id.toString("base64url");
  });
  const step = fc.record({ kind: fc.constantFrom("add", "remove", "grow"), at: fc.nat(39) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let capacity = 4;
      const index = new IdIndex(capacity);
      const model = new Map<string, number>();
      const free = Array.from({ length: 40 }, (_, slot) => slot);
      for (const { kind, at } of steps) {
        const id = pool[at] ?? "";
        const slot = model.get(id);
        if (kind === "grow" || model.size === capacity) {
          capacity = Math.min(40, capacity * 2);
          index.grow(capacity);
        }
        if (kind === "add" && slot === undefined) {
          const next = free.filter((each) => each < capacity).at(0);
          if (next === undefined) continue;
          free.splice(free.indexOf(next), 1);
          index.add(id, next);
          model.set(id, next);
          expect(index.idOf(next)).toBe(id);
        } else if (kind === "remove" && slot !== undefined) {
          index.remove(slot);
          model.delete(id);
          free.push(slot);
        }
        for (const each of pool) expect(index.find(each)).toBe(model.get(each) ?? -1);
      }
    }),
  );
});

it("knows only the one spelling of an id", () => {
  const id = newSessionId();
  expect(isSessionId(id)).toBe(true);
  const last = id.slice(-1);
  // Base64 ignores the last two bits: another letter there would decode to the same bytes.
  const alias = id.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
  for (const other of ["", "x", `${id}=`, `${id}A`, alias, id.slice(1)]) expect(isSessionId(other), other).toBe(false);
});

it("takes what Buffer writes as base64url, and nothing that differs from it in one character", () => {
  const character = fc.oneof(
    fc.constantFrom(..."AZaz09-_+/=. "),
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(42), character, (bytes, at, changed) => {
      const id = Buffer.from(bytes).toString("base64url");
      const index = new IdIndex(1);
      index.add(id, 0);
      expect(index.idOf(0)).toBe(id);
      const other = id.slice(0, at) + changed + id.slice(at + 1);
      const spelled = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(other);
      expect(isSessionId(other)).toBe(spelled);
      expect(index.find(other)).toBe(other === id ? 0 : -1);
    }),
    { numRuns: 1_000 },
  );
});
