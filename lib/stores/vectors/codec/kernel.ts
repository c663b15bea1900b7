import { Views } from "../store/views.ts";
import { vectorScanWasm } from "./scan.wasm.ts";

/** Streams of rows that a scan reads side by side. */
export const STREAMS = 4;

/** Where a stream of rows begins, as byte offsets in its slab. */
export interface ScanStream {
  codes: number;
  scales: number;
}

/** What a scan reads, and the query's figures: see wasm/vector-scan.as.ts. */
export interface ScanCall {
  streams: readonly [ScanStream, ScanStream, ScanStream, ScanStream];
  /** From a row's scale to its error, and from there to its norm. */
  columnBytes: number;
  stride: number;
  /** Rows in a stream: row i of stream s has the number s × span + i. */
  span: number;
  /** Rows in all: numbers from here on are past the last one. */
  count: number;
  query: number;
  queryScale: number;
  queryReach: number;
  querySlack: number;
  bias: number;
  threshold: number;
  out: number;
}

export interface KernelMemory {
  views: Views;
  /** Writes (number, score) pairs at `out` for rows whose upper bound reaches the threshold; returns how many. */
  scan(call: ScanCall): number;
}

/** Makes memory and the scan that reads it. Both kernels give the same bounds, so a search's answer never depends on which runs. */
export interface Kernel {
  readonly name: "wasm-simd" | "javascript";
  allocate(bytes: number): KernelMemory;
}

const WASM_PAGE = 65_536;

type WasmScan = (...figures: number[]) => number;

/** WebAssembly with SIMD, or null where the engine has neither. */
export function createWasmKernel(): Kernel | null {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(Buffer.from(vectorScanWasm, "base64"));
  } catch {
    return null;
  }
  return {
    name: "wasm-simd",
    allocate(bytes) {
      const pages = Math.ceil(bytes / WASM_PAGE);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      const scan = scanExport(new WebAssembly.Instance(module, { env: { memory } }));
      return { views: new Views(memory.buffer as ArrayBuffer), scan: (call) => invoke(scan, call) };
    },
  };
}

/** The generated module is ours and exports `scan` with numbers in and out; its type cannot be known to the compiler. */
function scanExport(instance: WebAssembly.Instance): WasmScan {
  return instance.exports.scan as WasmScan;
}

/** Argument by argument: a spread would cost as much as scanning thirty vectors. */
// biome-ignore format: one line for each of the groups
function invoke(scan: WasmScan, c: ScanCall): number {
  const [s0, s1, s2, s3] = c.streams;
  return scan(
    s0.codes, s1.codes, s2.codes, s3.codes,
    s0.scales, s1.scales, s2.scales, s3.scales,
    c.columnBytes, c.stride, c.span, c.count,
    c.query, c.queryScale, c.queryReach, c.querySlack, c.bias, c.threshold, c.out,
  );
}

/** The same scan in plain JavaScript: for engines without SIMD, and the oracle of the kernel's test. */
export function createJavaScriptKernel(): Kernel {
  return {
    name: "javascript",
    allocate(bytes) {
      const views = new Views(new ArrayBuffer(Math.ceil(bytes / WASM_PAGE) * WASM_PAGE));
      return { views, scan: (call) => scanInJavaScript(views, call) };
    },
  };
}

function scanInJavaScript(views: Views, call: ScanCall): number {
  const { i32, f32 } = views;
  let found = 0;
  for (const [number, stream] of call.streams.entries()) {
    for (let i = 0; i < call.span && number * call.span + i < call.count; i++) {
      const column = (stream.scales >> 2) + i;
      const norm = f32[column + (call.columnBytes >> 1)] ?? 0;
      const penalty = norm * norm * call.bias;
      const sum = dotOfIntegers(views, stream.codes + i * call.stride, call.query >> 1, call.stride);
      const score = sum * (f32[column] ?? 0) * call.queryScale - penalty;
      const error = f32[column + (call.columnBytes >> 2)] ?? 0;
      const margin = error * call.queryReach + norm * call.querySlack + penalty * 2e-6;
      if (score + margin < call.threshold) continue;
      i32[(call.out >> 2) + 2 * found] = number * call.span + i;
      f32[(call.out >> 2) + 2 * found + 1] = score;
      found++;
    }
  }
  return found;
}

function dotOfIntegers({ i8, i16 }: Views, codes: number, query: number, stride: number): number {
  let sum = 0;
  for (let o = 0; o < stride; o += 16) {
    for (let j = 0; j < 8; j++) {
      const low = i8[codes + o + 2 * j] ?? 0;
      const lane = ((i8[codes + o + 2 * j + 1] ?? 0) << 8) | (low & 255);
      sum += lane * (i16[query + o + 8 + j] ?? 0) + (low << 8) * (i16[query + o + j] ?? 0);
    }
  }
  return sum;
}

export function createKernel(): Kernel {
  return createWasmKernel() ?? createJavaScriptKernel();
}
