import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MiniLmConfig, writeMiniLmGraph } from "./minilm-graph.ts";

/** Counts up when what is written below changes, so that an older preparation is not taken for this one. */
const PREPARATION = "minilm-l6-v2-q8-1";

/** Where the published model's files are. */
export interface ModelSource {
  weightsPath: string;
  tokenizerPath: string;
  configPath: string;
}

export interface PreparedModel {
  modelPath: string;
  vocabularyPath: string;
}

export function isPrepared(directory: string): boolean {
  return existsSync(join(directory, PREPARATION));
}

/**
 * Makes the model's files for the runtime below `directory`, once: a half-made folder never gets the final name.
 * Two processes may do it at the same time; the first to finish wins.
 */
export function prepareModel(source: ModelSource, directory: string): PreparedModel {
  const target = join(directory, PREPARATION);
  if (!isPrepared(directory)) {
    const draft = `${target}.${process.pid}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    writeModel(source, draft);
    publish(draft, target);
  }
  return { modelPath: join(target, "model.onnx"), vocabularyPath: join(target, "vocabulary.txt") };
}

function writeModel(source: ModelSource, draft: string): void {
  const config: MiniLmConfig = JSON.parse(readFileSync(source.configPath, "utf8"));
  const tokenizer: { model: { vocab: Record<string, number> } } = JSON.parse(
    readFileSync(source.tokenizerPath, "utf8"),
  );
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) tokens[id] = token;
  // A line a token: the helper reads this in a fifth of the memory that the JSON takes.
  writeFileSync(join(draft, "vocabulary.txt"), tokens.join("\n"));
  writeMiniLmGraph(source.weightsPath, config, {
    modelPath: join(draft, "model.onnx"),
    dataPath: join(draft, "model.bin"),
  });
}

function publish(draft: string, target: string): void {
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}
