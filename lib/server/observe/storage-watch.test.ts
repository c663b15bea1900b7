import { expect, it } from "vitest";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { StorageWatch } from "./storage-watch.ts";

function setUp() {
  const clock = new FakeClock();
  const said: string[] = [];
  const log = {
    error: (...words: unknown[]) => said.push(String(words[1])),
    info: (word: unknown) => said.push(String(word)),
  };
  const state: { answer: () => Promise<void> } = { answer: async () => undefined };
  const silences: (string | null)[] = [];
  const database = {
    replies: 0,
    requirePlace: () => state.answer(),
    setSilent: (silence: AppError | null) => void silences.push(silence?.code ?? null),
  };
  const watch = new StorageWatch(database, clock, log as never);
  watch.start();
  const look = async () => {
    clock.advance(1_000);
    await new Promise(setImmediate);
  };
  return { watch, clock, database, state, said, look, silences };
}

it("notices within a second that the file is gone, says so once, and that it is back", async () => {
  const { watch, state, said, look } = setUp();
  await look();
  expect([watch.fault, said]).toEqual([null, []]);
  state.answer = () => Promise.reject(new AppError("storage-unavailable", "The database's file was moved or deleted."));
  await look();
  expect(watch.fault).toMatchObject({ code: "storage-unavailable", status: 503 });
  for (let times = 0; times < 5; times++) await look();
  state.answer = async () => undefined;
  await look();
  await look();
  expect([watch.fault, said]).toEqual([null, ["the database cannot be written to", "the database is back"]]);
});

it("does not wait without end for a disk that hangs", async () => {
  const { watch, state, look } = setUp();
  let answer: () => void = () => undefined;
  state.answer = () => new Promise((resolve) => (answer = resolve));
  for (let seconds = 0; seconds < 12; seconds++) await look();
  expect(watch.fault?.message).toBe("The database has not responded for 10 s.");
  answer();
  await look();
  expect(watch.fault).toBeNull();
});

it("refuses with Retry-After who has waited for a silent database for 10 s, and nobody else, and says so once", async () => {
  const { watch, state, said, look, silences } = setUp();
  await look();
  state.answer = () => new Promise(() => undefined);
  const never = () => watch.bounded(new Promise<string>(() => undefined)).catch((error: AppError) => error);
  const answered = watch.bounded(Promise.resolve("answered"));
  const first = never();
  for (let seconds = 0; seconds < 5; seconds++) await look();
  let isSecondWaiting = true;
  const second = never().finally(() => {
    isSecondWaiting = false;
  });
  expect(await answered).toBe("answered");
  for (let seconds = 0; seconds < 6; seconds++) await look();
  expect(await first).toMatchObject({ code: "storage-unavailable", status: 503, retryAfterSeconds: 5 });
  expect([isSecondWaiting, said]).toEqual([true, ["the database cannot be written to"]]);
  for (let seconds = 0; seconds < 5; seconds++) await look();
  expect(await second).toMatchObject({ code: "storage-unavailable" });
  expect(said).toEqual(["the database cannot be written to"]);
  expect([silences.includes("storage-unavailable"), silences.at(-1)]).toEqual([true, "storage-unavailable"]);
});

it("takes a pause of the whole process for no silence of the database", async () => {
  const { watch, clock, state, look, silences } = setUp();
  let answer: () => void = () => undefined;
  state.answer = () => new Promise((resolve) => (answer = resolve));
  await look();
  clock.stall(60_000);
  expect([watch.fault, silences.includes("storage-unavailable")]).toEqual([null, false]);
  answer();
  await look();
  expect(watch.fault).toBeNull();
});

it("takes a long queue for no silence: whoever is answered meanwhile shows that the database works", async () => {
  const { watch, database, state, look, silences } = setUp();
  state.answer = () => new Promise(() => undefined);
  for (let seconds = 0; seconds < 40; seconds++) {
    if (seconds % 5 === 0) database.replies += 1;
    await look();
  }
  expect([watch.fault, silences.includes("storage-unavailable")]).toEqual([null, false]);
  for (let seconds = 0; seconds < 12; seconds++) await look();
  expect(watch.fault).toMatchObject({ code: "storage-unavailable" });
});

it("lets the database be asked again once it responds", async () => {
  const { state, look, silences } = setUp();
  let answer: () => void = () => undefined;
  state.answer = () => new Promise((resolve) => (answer = resolve));
  for (let seconds = 0; seconds < 12; seconds++) await look();
  expect(silences.at(-1)).toBe("storage-unavailable");
  answer();
  await look();
  expect(silences.at(-1)).toBeNull();
});
