import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Libsql from "libsql";
import { expect, it } from "vitest";
import { toFailure } from "./sql-errors.ts";

function failureOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    return toFailure(error);
  }
  throw new Error("nothing failed");
}

const newFile = () => path.join(mkdtempSync(path.join(tmpdir(), "headroom-sql-")), "a.db");

it("T55: calls a write to a read-only database storage-read-only, while it is read as before", () => {
  const file = newFile();
  const writer = new Libsql(file);
  writer.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  writer.close();
  const reader = new Libsql(file);
  reader.exec("PRAGMA query_only = ON");
  expect(failureOf(() => reader.exec("INSERT INTO t VALUES (2)"))).toMatchObject({ code: "storage-read-only" });
  expect(reader.prepare("SELECT count(*) AS n FROM t").all([])).toEqual([{ n: 1 }]);
  reader.close();
});

it("T56: calls a database that another connection holds storage-unavailable", () => {
  const file = newFile();
  const [holder, other] = [new Libsql(file), new Libsql(file)];
  holder.exec("CREATE TABLE t (a); BEGIN EXCLUSIVE");
  expect(failureOf(() => other.exec("INSERT INTO t VALUES (2)"))).toMatchObject({ code: "storage-unavailable" });
  holder.close();
  other.close();
});

it("says nothing of what it does not know", () => {
  expect(toFailure(new Error('near "x": syntax error')).code).toBeNull();
});
