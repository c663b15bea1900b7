import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { KIB, MIB } from "../../shared/bytes.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { Inflater } from "./inflater.ts";
import { ValueCodec } from "./value-codec.ts";

/** Values of one kind: what they have in common differs from kind to kind. */
function value(kind: number, i: number): Buffer {
  const noise = randomBytes(40).toString("hex");
  const fields = Array.from(
    { length: 12 },
    (_, k) => `"field-${kind}-${k}-${"xyzw"[kind % 4]}":"${(i * 31 + k) % 97}"`,
  );
  return Buffer.from(`{"kind":${kind},"noise":"${noise}",${fields.join(",")},"end":"of kind ${kind}"}`);
}

interface Packed {
  raw: Buffer;
  format: number;
  bytes: Buffer;
}

async function packMany(codec: ValueCodec, kind: number, count: number): Promise<Packed[]> {
  const packed: Packed[] = [];
  for (let i = 0; i < count; i++) {
    const raw = value(kind, i);
    const result = await codec.pack(raw);
    if (result) packed.push({ raw, ...result });
  }
  return packed;
}

const readable = (codec: ValueCodec, { raw, format, bytes }: Packed) =>
  codec.unpack(format, bytes, raw.length).equals(raw);
const formats = (packed: readonly Packed[]) => new Set(packed.map(({ format }) => format));

it("packs with a dictionary trained from the store's own values, a quarter smaller at least than without one", async () => {
  const codec = new ValueCodec(new TestAccount(MIB, "sessions"));
  const packed = await packMany(codec, 0, 400);
  expect(packed.every((each) => readable(codec, each))).toBe(true);
  expect([...formats(packed)]).toEqual([1, 2]);
  const size = (wanted: number) => {
    const sizes = packed.filter(({ format }) => format === wanted).map(({ bytes }) => bytes.length);
    return sizes.reduce((sum, each) => sum + each, 0) / sizes.length;
  };
  expect(size(2)).toBeLessThan(0.75 * size(1));
});

it("trains again when values change their kind, and reads what older dictionaries packed", async () => {
  const account = new TestAccount(MIB, "sessions");
  const codec = new ValueCodec(account);
  const all: Packed[] = [];
  for (let kind = 0; kind < 6; kind++) {
    all.push(...(await packMany(codec, kind, 1_600)));
    expect(codec.dictionaries).toBeLessThanOrEqual(4);
    expect(codec.heldBytes).toBe(account.grantedBytes);
    expect(account.grantedBytes).toBeLessThanOrEqual(64 * KIB + 4 * (8 * KIB + Inflater.BYTES));
  }
  expect(formats(all).size).toBeGreaterThanOrEqual(4);
  expect(all.every((each) => readable(codec, each))).toBe(true);
  for (const { format } of all) codec.release(format);
  codec.trim();
  expect([codec.dictionaries, account.grantedBytes]).toEqual([0, 0]);
});

it("lets a dictionary go with the last value that needs it", async () => {
  const codec = new ValueCodec(new TestAccount(MIB, "sessions"));
  const first = await packMany(codec, 0, 1_200);
  const second = await packMany(codec, 1, 1_200);
  expect(formats([...first, ...second]).has(3)).toBe(true);
  for (const { format } of first) codec.release(format);
  for (const { format } of second) if (format === 2) codec.release(format);
  expect(codec.dictionaries).toBe(1);
  expect(second.filter(({ format }) => format === 3).every((each) => readable(codec, each))).toBe(true);
});

it("says no for what does not shrink by an eighth", async () => {
  const codec = new ValueCodec(new TestAccount(MIB, "sessions"));
  for (const bytes of [0, 1, 10, 2_000, 100_000]) expect(await codec.pack(randomBytes(bytes))).toBeNull();
});

it("packs without a dictionary when the account has no memory for one", async () => {
  const account = new TestAccount(0, "sessions");
  const codec = new ValueCodec(account);
  expect([...formats(await packMany(codec, 0, 300))]).toEqual([1]);
});
