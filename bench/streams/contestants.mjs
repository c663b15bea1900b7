// Each contestant reads a file in chunks and gives every record, as an object, to a sink that counts. Ours is the very code
// that the server runs; the peers are used as their documentation shows.
import { once } from "node:events";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { createParser } from "../../lib/streaming/job-spec.ts";
import { SLOT_BYTES } from "../../lib/streaming/parse-host.ts";

const CHUNK_BYTES = 64 * 1024;
const read = (file) => createReadStream(file, { highWaterMark: CHUNK_BYTES });

/** A parser of ours that counts its records. */
function counting(spec) {
  const counted = { records: 0 };
  const parser = createParser(
    { transform: {}, ...spec },
    {
      block: (block) => {
        counted.records += block.records.length;
      },
      describes: () => true,
      reject: (describe) => {
        const { line, message } = describe();
        throw new Error(`line ${line}: ${message}`);
      },
    },
    null,
  );
  const end = () => {
    parser.end();
    if (parser.fault) throw new Error(parser.fault.message);
    return counted.records;
  };
  return { push: (chunk) => parser.push(chunk), end };
}

async function ours(file, spec) {
  const parser = counting(spec);
  for await (const chunk of read(file)) parser.push(chunk);
  return parser.end();
}

/** As the server's parsing thread does it: slice after slice out of a slot that is filled again. */
function oursBySlots(file, spec) {
  const parser = counting(spec);
  const slot = Buffer.alloc(SLOT_BYTES);
  const from = openSync(file);
  try {
    for (let size = readSync(from, slot); size > 0; size = readSync(from, slot)) parser.push(slot.subarray(0, size));
  } finally {
    closeSync(from);
  }
  return parser.end();
}

/** Counts what comes out of a stream of objects. */
async function drain(stream) {
  let records = 0;
  for await (const record of stream) if (record !== undefined) records++;
  return records;
}

/** The least that Node can do for a line: find it, make a string of it, parse it. */
async function bareLines(file) {
  let records = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of read(file)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (JSON.parse(bytes.utf8Slice(start, end)) !== undefined) records++;
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  return records;
}

/** The same of an array that has one record a line, as the bench writes it. */
async function bareElements(file) {
  let records = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of read(file)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const from = bytes[start] === 91 ? start + 1 : start;
      if (JSON.parse(bytes.utf8Slice(from, end - 1)) !== undefined) records++;
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  return records;
}

async function duckdb(sql) {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const [row] = await (await connection.run(sql)).getRows();
  return Number(row[0]);
}

async function dataView(file) {
  let records = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of read(file)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const dimensions = view.getInt32(at, true);
      const size = 4 + dimensions * 4;
      if (at + size > bytes.length) break;
      const vector = new Float32Array(dimensions);
      for (let i = 0; i < dimensions; i++) vector[i] = view.getFloat32(at + 4 + i * 4, true);
      if (vector.length === dimensions) records++;
      at += size;
    }
    rest = bytes.subarray(at);
  }
  return records;
}

async function papaparse(file) {
  const { default: Papa } = await import("papaparse");
  return drain(read(file).pipe(Papa.parse(Papa.NODE_STREAM_INPUT, { header: true })));
}

async function udsv(file) {
  const { inferSchema, initParser } = await import("udsv");
  const decoder = new TextDecoder();
  let parser = null;
  let records = 0;
  const count = (record) => {
    if (record !== undefined) records++;
  };
  for await (const chunk of read(file)) {
    const text = decoder.decode(chunk, { stream: true });
    parser ??= initParser(inferSchema(text));
    parser.chunk(text, parser.stringObjs, count);
  }
  parser.end();
  return records;
}

async function jsonStream(file) {
  const { default: JSONStream } = await import("JSONStream");
  let records = 0;
  const parser = read(file).pipe(JSONStream.parse("*"));
  parser.on("data", () => {
    records++;
  });
  await once(parser, "end");
  return records;
}

async function streamparser(file) {
  const { JSONParser } = await import("@streamparser/json");
  const parser = new JSONParser({ paths: ["$.*"], keepStack: false });
  let records = 0;
  parser.onValue = () => {
    records++;
  };
  for await (const chunk of read(file)) parser.write(chunk);
  return records;
}

async function split2(file) {
  const { default: split } = await import("split2");
  return drain(read(file).pipe(split(JSON.parse)));
}

async function csvParse(file) {
  const { parse } = await import("csv-parse");
  return drain(read(file).pipe(parse({ columns: true })));
}

/** DuckDB reads the file by itself, with no stream of Node's between; so does ours here, as much at a time as the server gives it. */
const oneField = (file, format) => oursBySlots(file, { format, transform: { select: ["score"] } });

/** What a contestant imports: loaded before its clock starts, as ours is. */
export const PACKAGES = {
  split2: "split2",
  JSONStream: "JSONStream",
  "@streamparser/json": "@streamparser/json",
  udsv: "udsv",
  papaparse: "papaparse",
  "csv-parse": "csv-parse",
  "DuckDB, one thread": "@duckdb/node-api",
};

/** By format: who runs, on which file. The first is ours. */
export const RACES = {
  ndjson: {
    file: "ndjson",
    runs: { ours: (file) => ours(file, { format: "ndjson" }), split2, "utf8Slice + JSON.parse": bareLines },
  },
  json: {
    file: "json",
    runs: {
      ours: (file) => ours(file, { format: "json" }),
      JSONStream: jsonStream,
      "@streamparser/json": streamparser,
      "utf8Slice + JSON.parse": bareElements,
    },
  },
  "ndjson, one field": {
    file: "ndjson",
    runs: {
      ours: (file) => oneField(file, "ndjson"),
      "DuckDB, one thread": (file) =>
        duckdb(`SELECT count(score) FROM read_ndjson('${file}', columns = {score: 'DOUBLE'})`),
    },
  },
  "json, one field": {
    file: "json",
    runs: {
      ours: (file) => oneField(file, "json"),
      "DuckDB, one thread": (file) =>
        duckdb(`SELECT count(score) FROM read_json('${file}', format = 'array', columns = {score: 'DOUBLE'})`),
    },
  },
  csv: { file: "csv", runs: { ours: (file) => ours(file, { format: "csv" }), udsv, papaparse, "csv-parse": csvParse } },
  fvecs: { file: "fvecs", runs: { ours: (file) => ours(file, { format: "fvecs" }), DataView: dataView } },
};
