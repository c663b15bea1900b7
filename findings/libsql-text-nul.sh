#!/usr/bin/env bash
# libsql for Node: a text is cut at its first U+0000 when it is read, though SQLite holds all of it.
# "a", U+0000 and "b" are bound as one parameter and stored whole: hex() shows 610062. The column read as TEXT comes back as "a", with no
# error. Cast to BLOB it comes back whole, so texts that may hold U+0000 are read as bytes. (SQLite's own length() counts to the first U+0000 too.)
# Version: libsql 0.5.29.
# Output seen: {"text":"a","hex":"610062","bytes":"610062"}.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund libsql@0.5.29

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import Database from "libsql";

const database = new Database(":memory:");
database.exec("CREATE TABLE note (body TEXT)");
database.prepare("INSERT INTO note VALUES (?)").run(["a\u0000b"]);
const row = database.prepare("SELECT body AS text, hex(body) AS hex, CAST(body AS BLOB) AS bytes FROM note").get();
const seen = { text: row.text, hex: row.hex, bytes: Buffer.from(row.bytes).toString("hex") };
console.log(JSON.stringify(seen));
deepStrictEqual(seen, { text: "a", hex: "610062", bytes: "610062" });
EOF

node check.mjs
