// The files of the bench: records of about 270 bytes with text, numbers, a list and an object; CSV with quotes where they are
// needed; vectors of 128 dimensions.
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";

const DIMENSIONS = 128;

const record = (id) => ({
  id: `doc-${id}`,
  user: `user ${id % 1000}`,
  email: `user${id}@example.com`,
  score: Math.round(id * 137) / 100,
  active: id % 3 === 0,
  tags: ["alpha", "beta", "gamma"],
  text: "The quick brown fox jumps over the lazy dog, and then it sleeps – “soundly” é.",
  nested: { a: id, b: [1, 2, 3] },
});

function vectors(from, count) {
  const bytes = Buffer.alloc(count * (4 + DIMENSIONS * 4));
  for (let i = 0, at = 0; i < count; i++) {
    at = bytes.writeInt32LE(DIMENSIONS, at);
    for (let j = 0; j < DIMENSIONS; j++) at = bytes.writeFloatLE(Math.sin((from + i) * DIMENSIONS + j), at);
  }
  return bytes;
}

const csvRow = ({ id, user, email, score, active, text }) => `${id},${user},${email},${score},${active},"${text}"\n`;
const many = (from, count, make) => Array.from({ length: count }, (_, index) => make(record(from + index)));

const KINDS = {
  ndjson: { head: "", piece: (from) => many(from, 1000, (value) => `${JSON.stringify(value)}\n`).join(""), tail: "" },
  json: {
    head: `[${JSON.stringify(record(0))}`,
    piece: (from) => many(from + 1, 1000, (value) => `,\n${JSON.stringify(value)}`).join(""),
    tail: "]\n",
  },
  csv: { head: "id,user,email,score,active,text\n", piece: (from) => many(from, 1000, csvRow).join(""), tail: "" },
  fvecs: { head: "", piece: (from) => vectors(from, 1000), tail: "" },
};

/** Writes a file of about `megabytes`, unless it is there. Resolves with its records. */
export async function writeData(kind, megabytes, file) {
  if (existsSync(file)) return Number.NaN;
  const { head, piece, tail } = KINDS[kind];
  const out = createWriteStream(file);
  out.write(head);
  let from = 0;
  for (let bytes = 0; bytes < megabytes * 1e6; from += 1000) {
    const part = Buffer.from(piece(from));
    bytes += part.length;
    if (!out.write(part)) await once(out, "drain");
  }
  out.end(tail);
  await once(out, "close");
  return from + (kind === "json" ? 1 : 0);
}
