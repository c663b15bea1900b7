import { vectorScanWasm } from "./scan.wasm.ts";
import { Views } from "./views.ts";

/** Where a block lies in its slab (byte offsets), and the query's figures: see wasm/vector-scan.as.ts. */
export interface ScanCall {
  codes: number;
  stride: number;
  /** Rows that fit the block; a multiple of 4. */
  rows: number;
  count: number;
  query: number;
  scales: number;
  errors: number;
  norms: number;
  queryScale: number;
  queryReach: number;
  querySlack: number;
  bias: number;
  threshold: number;
  out: number;
}

export interface KernelMemory {
  views: Views;
  /** Writes (slot, score) pairs at `out` for rows whose upper bound reaches the threshold; returns how many. */
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
// biome-ignore format: one line for each of the three groups
function invoke(scan: WasmScan, c: ScanCall): number {
  return scan(
    c.codes, c.stride, c.rows, c.count,
    c.query, c.scales, c.errors, c.norms,
    c.queryScale, c.queryReach, c.querySlack, c.bias, c.threshold, c.out,
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

function scanInJavaScript({ i8, i16, i32, f32 }: Views, call: ScanCall): number {
  const query = call.query >> 1;
  let found = 0;
  for (let i = 0; i < call.count; i++) {
    const at = call.codes + ((i & 3) * (call.rows >> 2) + (i >> 2)) * call.stride;
    let sum = 0;
    for (let o = 0; o < call.stride; o += 16) {
      for (let j = 0; j < 8; j++) {
        const low = i8[at + o + 2 * j] ?? 0;
        const lane = ((i8[at + o + 2 * j + 1] ?? 0) << 8) | (low & 255);
        sum += lane * (i16[query + o + 8 + j] ?? 0) + (low << 8) * (i16[query + o + j] ?? 0);
      }
    }
    const norm = f32[(call.norms >> 2) + i] ?? 0;
    const penalty = norm * norm * call.bias;
    const score = sum * (f32[(call.scales >> 2) + i] ?? 0) * call.queryScale - penalty;
    const margin = (f32[(call.errors >> 2) + i] ?? 0) * call.queryReach + norm * call.querySlack + penalty * 2e-6;
    if (score + margin >= call.threshold) {
      i32[(call.out >> 2) + 2 * found] = i;
      f32[(call.out >> 2) + 2 * found + 1] = score;
      found++;
    }
  }
  return found;
}

export function createKernel(): Kernel {
  return createWasmKernel() ?? createJavaScriptKernel();
}
