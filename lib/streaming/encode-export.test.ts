import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExportFormat, type ExportRecord, encodeExport } from "./encode-export.ts";
import { CsvParser } from "./parsers/csv.ts";
import type { RecordReceiver } from "./parsers/parser.ts";
import { VectorParser } from "./parsers/vectors.ts";

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function bytesOf(
  records: readonly ExportRecord[],
  format: ExportFormat,
  columns: readonly string[] = [],
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeExport(each(records), format, columns)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function collect(): { records: unknown[]; receiver: RecordReceiver } {
  const records: unknown[] = [];
  return {
    records,
    receiver: {
      block: (block) => void records.push(...block.records),
      describes: () => true,
      reject: (describe) => void records.push(describe()),
    },
  };
}

describe("encodeExport", () => {
  it("puts an apostrophe before each text that a spreadsheet would run, when asked to, and leaves numbers", async () => {
    const texts = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "x=1", ""];
    const chunks: Uint8Array[] = [];
    const records = [...texts.map((a) => ({ a })), { a: -5 }, { a: null }];
    for await (const chunk of encodeExport(each(records), "csv", ["a"], true)) chunks.push(chunk);
    const safe = "'=1+1 '+x '-x '@x '\tx \"'\rx\" x=1  -5 ".split(" ").join("\r\n");
    expect(Buffer.concat(chunks).toString()).toBe(`a\r\n${safe}\r\n`);
    expect((await bytesOf([{ a: "=1+1" }], "csv", ["a"])).toString()).toBe("a\r\n=1+1\r\n");
  });

  it("writes CSV that our own reader gives back, whatever the text", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll("\ufeff", ""));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ a: text, b: text }), { maxLength: 20 }), async (records) => {
        const { records: read, receiver } = collect();
        const parser = new CsvParser({ receiver });
        parser.push(await bytesOf(records, "csv", ["a", "b"]));
        parser.end();
        expect(read).toEqual(records);
      }),
    );
  });

  it("writes bytes as base64 in chunks of a bounded size, whatever their length", async () => {
    for (const length of [0, 1, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 1_000_001]) {
      const body = Buffer.from(Array.from({ length }, (_, at) => at * 7));
      const text = body.toString("base64");
      const record = { key: "k", none: undefined, body, tags: ["a"] };
      const chunks: Uint8Array[] = [];
      for await (const chunk of encodeExport(each([record, record]), "ndjson", [])) chunks.push(chunk);
      const line = `{"key":"k","body":"${text}","tags":["a"]}\n`;
      expect(Buffer.concat(chunks).toString()).toBe(line + line);
      for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(128 * 1024);
      const csv = await bytesOf([record], "csv", ["key", "body", "tags"]);
      expect(csv.toString()).toBe(`key,body,tags\r\nk,${text},"[""a""]"\r\n`);
    }
    const plus = [{ body: Buffer.from([0xfb, 1, 2]) }, { body: Buffer.from([0xff, 1, 2]) }];
    const safe: Uint8Array[] = [];
    for await (const chunk of encodeExport(each(plus), "csv", ["body"], true)) safe.push(chunk);
    expect(Buffer.concat(safe).toString()).toBe("body\r\n'+wEC\r\n/wEC\r\n");
  });

  it("writes fvecs that our own reader gives back", async () => {
    const vectors = [
      [1, 2, 3],
      [4, 5, 6.5],
    ];
    const { records, receiver } = collect();
    const parser = new VectorParser({ receiver, format: "fvecs" });
    parser.push(
      await bytesOf(
        vectors.map((vector) => ({ vector })),
        "fvecs",
      ),
    );
    parser.end();
    expect(records.map((record) => Array.from(Object(record).vector))).toEqual(vectors);
  });

  it("asks for no more records than a slow reader has taken", async () => {
    let asked = 0;
    async function* endless() {
      for (;;) {
        asked++;
        yield { text: "x".repeat(1000) };
      }
    }
    const chunks = encodeExport(endless(), "ndjson", []);
    await chunks.next();
    expect(asked).toBeLessThanOrEqual(66);
    await chunks.return(undefined);
  });
});
