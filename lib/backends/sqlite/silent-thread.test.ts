import { expect, it } from "vitest";
import { AppError } from "../../shared/errors.ts";
import { DatabaseClient } from "./database-client.ts";

/** A thread that opens, answers `alive`, dies of `die`, and is silent about all else. */
const THREAD = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ id, kind, sql }) => {
      if (sql === "die") throw new Error("out of luck");
      if (sql === "alive" || kind === "place" || kind === "close")
        parentPort.postMessage({ id, ok: true, value: { columns: [], rows: [] } });
    });
    parentPort.postMessage({ opened: true, migrated: [], quarantined: null, begun: false });
  `)}`,
);
const OPTIONS = { file: "none", migrationsDir: "none", maxBytes: 1, busyTimeoutMs: 1 };
const SILENCE = new AppError("storage-unavailable", "silent", { retryAfterSeconds: 5 });
const statement = (bytes: number) => [{ sql: "x", params: ["x".repeat(bytes / 2)] }];
const open = async () => (await DatabaseClient.open(THREAD, OPTIONS)).database;
const codeOf = (promise: Promise<unknown>) => promise.then(() => "done").catch(({ code }: AppError) => code);

it("sends nothing more to a silent thread but the question whether it is there, and refuses who waits for room", async () => {
  const database = await open();
  void database.write(statement(8 * 2 ** 20)).catch(() => undefined);
  const forRoom = codeOf(database.write(statement(1_000)));
  database.setSilent(SILENCE);
  expect(await forRoom).toBe("storage-unavailable");
  expect(await codeOf(database.all("alive"))).toBe("storage-unavailable");
  expect(await codeOf(database.write(statement(10)))).toBe("storage-unavailable");
  await database.requirePlace();
  database.setSilent(null);
  expect(await codeOf(database.all("alive"))).toBe("done");
  await database.close();
});

it("lets 64 MB wait for room at most, and holds 32,768 commands at most: what comes then is refused", async () => {
  const database = await open();
  const sent = [database.write(statement(8 * 2 ** 20))];
  for (let megabytes = 0; megabytes < 60; megabytes += 4) sent.push(database.write(statement(4 * 2 ** 20)));
  const outcomes = sent.map(codeOf);
  expect(await codeOf(database.write(statement(8 * 2 ** 20)))).toBe("overloaded");
  for (let commands = 1; commands < 32_768; commands++) outcomes.push(codeOf(database.all("silence")));
  expect(await codeOf(database.all("alive"))).toBe("overloaded");
  await database.requirePlace().catch(() => undefined);
  await database.close().catch(() => undefined);
});

it("tells of a thread that died once, refuses all who waited, and reads and writes on a new one", async () => {
  const database = await open();
  const deaths: string[] = [];
  const died = new Promise<void>((resolve) =>
    database.followDeath(({ message }) => {
      deaths.push(message);
      resolve();
    }),
  );
  const waiting = codeOf(database.write(statement(10)));
  const asked = codeOf(database.all("die"));
  await died;
  expect([await waiting, await asked, await codeOf(database.all("alive"))]).toEqual(
    Array.from({ length: 3 }, () => "storage-unavailable"),
  );
  await database.reopen();
  expect(await codeOf(database.all("alive"))).toBe("done");
  await database.close();
  expect(deaths).toEqual(["out of luck"]);
});
