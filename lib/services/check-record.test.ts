import { expect, it } from "vitest";
import { z } from "zod";
import { checkRecord, invalidRecord } from "./check-record.ts";

it("a record's refusal names its field and records no trace, and errors made after it do", () => {
  const schema = z.strictObject({ n: z.number() });
  expect(checkRecord(schema, { n: 1 })).toEqual({ n: 1 });
  let thrown: unknown;
  try {
    checkRecord(schema, { n: "1" });
  } catch (error) {
    thrown = error;
  }
  for (const refusal of [thrown, invalidRecord("/n: no")]) {
    expect(refusal).toMatchObject({ code: "validation-failed", message: expect.stringContaining("/n: ") });
    expect((refusal as Error).stack).not.toContain("    at ");
  }
  const broken = z.unknown().transform(() => {
    throw new Error("ours");
  });
  expect(() => checkRecord(broken, 1)).toThrow("ours");
  expect(new Error("later").stack).toContain("    at ");
});
