import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { TestAccount } from "../../testing/test-account.ts";
import { Inflations } from "./inflations.ts";

const MIB = 1024 * 1024;
const plain = Buffer.from("a response ".repeat(100_000));
const withWindow = (bits: number) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_LGWIN]: bits } });

/** Twenty at once, and the most that the account had granted meanwhile. */
async function runMany(account: TestAccount, body: Uint8Array, encoding: "br" | "gzip") {
  let mostBytes = 0;
  let mostUnderWay = 0;
  const inflations = new Inflations(account);
  const note = () => {
    mostBytes = Math.max(mostBytes, account.grantedBytes);
    mostUnderWay = Math.max(mostUnderWay, inflations.underWay);
  };
  const results = Array.from({ length: 20 }, () => inflations.run(body, encoding, plain.length).finally(note));
  note();
  const lengths = (await Promise.all(results)).map(({ length }) => length);
  return { mostBytes, mostUnderWay, lengths, left: [inflations.underWay, inflations.waiting, account.grantedBytes] };
}

describe("inflating cached bodies", () => {
  it("is charged the decoder's window and the result, and no more is under way than was granted", async () => {
    const account = new TestAccount(64 * MIB);
    const { mostBytes, mostUnderWay, lengths, left } = await runMany(account, withWindow(24), "br");
    expect(lengths).toEqual(lengths.map(() => plain.length));
    expect(mostUnderWay).toBe(2);
    expect(mostBytes).toBeGreaterThan(2 * 16 * MIB);
    expect(mostBytes).toBeLessThanOrEqual(64 * MIB);
    expect(left).toEqual([0, 0, 0]);
  });

  it("goes on one at a time while the account grants nothing, so that reads do not fail under pressure", async () => {
    const account = new TestAccount();
    account.throttled = true;
    const { mostUnderWay, lengths, left } = await runMany(account, gzipSync(plain), "gzip");
    expect([mostUnderWay, lengths.length]).toEqual([1, 20]);
    expect(left).toEqual([0, 0, 0]);
  });

  it("gives its memory back after a damaged body, and the next one goes", async () => {
    const account = new TestAccount(24 * MIB);
    const inflations = new Inflations(account);
    const damaged = inflations.run(Uint8Array.of(0x8f, 1, 2, 3), "br", MIB);
    const whole = inflations.run(withWindow(22), "br", plain.length);
    await expect(damaged).rejects.toThrow();
    expect((await whole).equals(plain)).toBe(true);
    expect([account.grantedBytes, inflations.underWay]).toEqual([0, 0]);
  });
});
