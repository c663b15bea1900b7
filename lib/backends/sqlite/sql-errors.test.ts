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

it("calls a key that is taken, and a row whose owner is gone, a conflict", () => {
  const database = new Libsql(newFile());
  database.exec(
    "PRAGMA foreign_keys = ON; CREATE TABLE o (a INTEGER PRIMARY KEY, b UNIQUE); INSERT INTO o VALUES (1, 1)",
  );
  database.exec("CREATE TABLE t (o REFERENCES o (a))");
  for (const sql of ["INSERT INTO o VALUES (1, 2)", "INSERT INTO o VALUES (2, 1)", "INSERT INTO t VALUES (9)"])
    expect(failureOf(() => database.exec(sql))).toMatchObject({ code: "conflict" });
  database.exec("CREATE TABLE n (a NOT NULL)");
  expect(failureOf(() => database.exec("INSERT INTO n VALUES (NULL)")).code).toBeNull();
  database.close();
});

it("says nothing of what it does not know", () => {
  expect(toFailure(new Error('near "x": syntax error')).code).toBeNull();
});
