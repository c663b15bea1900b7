import { expect, it } from "vitest";
import { DocumentShape } from "./document-shape.ts";

const [OPEN, CLOSE, COLON, COMMA] = Buffer.from("{}:,") as unknown as [number, number, number, number];
const EMPTY = Buffer.alloc(0);
/** With these, 256 keys have as many characters as are remembered. */
const keyOf = (n: number): Buffer => Buffer.from(JSON.stringify(String(n).padStart(1023, "k")));
const REPEATED = { code: "json-structure", message: "an object repeats a key" };

/** An object around the records that wait at `/records`. */
function setUp() {
  const shape = new DocumentShape(["records"], false, false);
  shape.take(OPEN, EMPTY);
  const add = (key: Buffer) => shape.take(COLON, key) ?? shape.take(COMMA, Buffer.from("1"));
  return { shape, add };
}

it("remembers 256 Ki characters of the keys around the records, and holds no more of them", () => {
  const { add } = setUp();
  for (let n = 0; n < 1_000; n++) expect(add(keyOf(n))).toBeNull();
  expect([256, 999].map((n) => add(keyOf(n)))).toEqual([null, null]);
  for (const n of [0, 255]) {
    const again = setUp();
    for (let each = 0; each < 1_000; each++) again.add(keyOf(each));
    expect(again.add(keyOf(n)), `key ${n}`).toEqual(REPEATED);
  }
});

it("forgets the keys of an object that has closed, and remembers the next one's", () => {
  const { shape, add } = setUp();
  for (let round = 0; round < 3; round++) {
    expect(shape.take(COLON, Buffer.from(`"${round}"`))).toBeNull();
    expect(shape.take(OPEN, EMPTY)).toBeNull();
    for (let n = 0; n < 255; n++) expect(add(keyOf(n))).toBeNull();
    shape.take(COLON, Buffer.from('"last"'));
    expect(shape.take(CLOSE, Buffer.from("1"))).toBeNull();
    expect(shape.take(COMMA, EMPTY)).toBeNull();
  }
  shape.take(COLON, Buffer.from('"more"'));
  shape.take(OPEN, EMPTY);
  for (let n = 0; n < 254; n++) add(keyOf(n));
  expect(add(keyOf(253))).toEqual(REPEATED);
});
