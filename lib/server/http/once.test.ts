import { expect, it } from "vitest";
import type { KeptAnswer } from "../../ports/answer-rows.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FirstAnswers, MOST_RUNNING } from "./answer/first-answers.ts";
import { defineRoute, isReply, reply } from "./define-route.ts";
import { answerOnce, MOST_BODY_BYTES } from "./once.ts";

const route = defineRoute(
  { method: "post", path: "/x/{id}", role: "consumer", tag: "sessions", summary: "x", responses: {}, idempotent: true },
  () => undefined,
);
const secretRoute = { ...route, spec: { ...route.spec, shownOnce: "key" } };
const identity = { keyId: "k", signIn: null } as never;
const asked = (more: object = {}) => ({
  identity,
  namespace: "a",
  params: { id: "1" },
  query: undefined,
  requestId: "r",
  ...more,
});
const keyed = (key = "once", bodyHash = "b") => ({ key, bodyHash });

type Tail<All extends unknown[]> = All extends [unknown, ...infer Rest] ? Rest : never;

function setUp() {
  const clock = new FakeClock(1_000_000);
  const kept = new Map<string, { atMs: number; answer: KeptAnswer }>();
  const said: string[] = [];
  const state: { failure: AppError | null; committed: boolean } = { failure: null, committed: false };
  const rows = {
    find: async (id: string, sinceMs: number) => {
      const row = kept.get(id);
      return row && row.atMs > sinceMs ? row.answer : null;
    },
    keep: async (id: string, _namespace: string, atMs: number, answer: KeptAnswer) => {
      if (state.failure) throw state.failure;
      expect(state.committed, "what was made is on disk before its answer is kept").toBe(true);
      kept.set(id, { atMs, answer });
    },
    forget: async (untilMs: number) => {
      for (const [id, { atMs }] of kept) if (atMs <= untilMs) kept.delete(id);
    },
  };
  const log = { warn: (...words: unknown[]) => said.push(String(words[1])) };
  const committed = async () => {
    state.committed = true;
  };
  let works = 0;
  const work = async (): Promise<unknown> => reply(201, { n: ++works, key: "secret" }, { Location: "/x/1" });
  const answers = new FirstAnswers({ rows, clock, log: log as never, committed });
  const once = {
    start: () => answers.start(),
    answer: (...[of, by, key, does]: Tail<Parameters<typeof answerOnce>>) => answerOnce(answers, of, by, key, does),
  };
  return { once, clock, kept, said, state, work, works: () => works };
}

const seen = (result: unknown) => {
  if (!isReply(result)) throw new Error("no reply");
  const { status, body, headers } = result.reply;
  const text = body instanceof Uint8Array ? Buffer.from(body).toString() : undefined;
  return { status, text, replayed: headers?.["Idempotency-Replayed"], location: headers?.Location };
};
/** Work that runs until the test ends it. */
function held() {
  const ends: (() => void)[] = [];
  const running = new Promise<void>((resolve) => ends.push(resolve));
  return { running, end: () => ends.pop()?.() };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: AppError) => error.code,
  );

it("gives the first answer again for a day, then does it anew", async () => {
  const { once, clock, kept, work, works } = setUp();
  once.start();
  const first = seen(await once.answer(route, asked(), keyed(), work));
  const second = seen(await once.answer(route, asked(), keyed(), work));
  expect(second).toEqual({ ...first, replayed: "true" });
  expect([first.location, works()]).toEqual(["/x/1", 1]);
  clock.advance(86_400_000);
  expect(kept.size).toBe(0);
  await once.answer(route, asked(), keyed(), work);
  expect(works()).toBe(2);
});

it("keeps callers, sign-ins, namespaces and paths apart, and refuses another body or query", async () => {
  const { once, work, works } = setUp();
  await once.answer(route, asked(), keyed(), work);
  const others = [
    { identity: { keyId: "other", signIn: null } },
    { identity: { keyId: "k", signIn: "cookie" } },
    { namespace: "b" },
    { params: { id: "2" } },
  ];
  for (const other of others) await once.answer(route, asked(other), keyed(), work);
  await once.answer(route, asked(), keyed("another"), work);
  expect(works()).toBe(6);
  expect(await codeOf(once.answer(route, asked(), keyed("once", "c"), work))).toBe("idempotency-key-reused");
  expect(await codeOf(once.answer(route, asked({ query: { a: 1 } }), keyed(), work))).toBe("idempotency-key-reused");
  expect(works()).toBe(6);
});

it("refuses the key while the first runs, and lets repeats of a kept answer pass together", async () => {
  const { once, work, works } = setUp();
  const { running, end } = held();
  const first = once.answer(route, asked(), keyed(), () => running.then(work));
  const second = await once.answer(route, asked(), keyed(), work).catch((error: AppError) => error);
  expect(second).toMatchObject({ code: "idempotency-key-in-use", status: 409, retryAfterSeconds: 1 });
  end();
  await first;
  const repeats = await Promise.all([1, 2, 3].map(() => once.answer(route, asked(), keyed(), work)));
  expect(repeats.map((repeat) => seen(repeat).replayed)).toEqual(["true", "true", "true"]);
  expect(works()).toBe(1);
});

it("keeps refusals, and no failure and no 429", async () => {
  for (const code of ["not-found", "conflict", "unprocessable"] as const) {
    const { once, kept } = setUp();
    const refuse = () => Promise.reject(new AppError(code, "no"));
    expect(await codeOf(once.answer(route, asked(), keyed(), refuse))).toBe(code);
    expect(kept.size).toBe(1);
    const again = seen(await once.answer(route, asked(), keyed(), refuse));
    expect([again.replayed, JSON.parse(again.text ?? "")]).toMatchObject(["true", { code, requestId: "r" }]);
  }
  for (const code of ["too-many-requests", "memory-pressure", "storage-full", "internal", "upstream-failed"] as const) {
    const { once, kept, work, works } = setUp();
    const refuse = () => Promise.reject(new AppError(code, "no"));
    expect(await codeOf(once.answer(route, asked(), keyed(), refuse))).toBe(code);
    await once.answer(route, asked(), keyed(), work);
    expect([kept.size, works()]).toEqual([1, 1]);
  }
});

it("keeps a batch with refusals, and none with items that may be done later", async () => {
  const { once, kept } = setUp();
  const batch = (status: number) => async () => reply(207, { results: [{ status: 201 }, { status }] });
  await once.answer(route, asked(), keyed("later"), batch(503));
  await once.answer(route, asked(), keyed("later"), batch(429));
  expect(kept.size).toBe(0);
  await once.answer(route, asked(), keyed("refused"), batch(422));
  expect(kept.size).toBe(1);
});

it("keeps no secret, and of a large answer the status and the headers alone", async () => {
  const { once, kept, work } = setUp();
  expect(seen(await once.answer(secretRoute, asked(), keyed(), work)).text).toContain("secret");
  expect(seen(await once.answer(secretRoute, asked(), keyed(), work)).text).toBe('{"n":1}');
  expect(
    JSON.stringify([...kept.values()].map(({ answer }) => Buffer.from(answer.body ?? "").toString())),
  ).not.toContain("secret");
  const large = async () => reply(201, "x".repeat(MOST_BODY_BYTES), { Location: "/x/2" });
  await once.answer(route, asked(), keyed("large"), large);
  const again = seen(await once.answer(route, asked(), keyed("large"), large));
  expect(again).toEqual({ status: 201, text: undefined, replayed: "true", location: "/x/2" });
});

it("gives again what was sent, although the result has changed since", async () => {
  const { once } = setUp();
  const job = { progress: 0 };
  const first = seen(await once.answer(route, asked(), keyed(), async () => job));
  job.progress = 1;
  expect([first.text, seen(await once.answer(route, asked(), keyed(), async () => job)).text]).toEqual([
    '{"progress":0}',
    '{"progress":0}',
  ]);
});

it("answers what it could not keep, and says so", async () => {
  const { once, said, state, work, works } = setUp();
  state.failure = new AppError("storage-full", "full");
  expect(seen(await once.answer(route, asked(), keyed(), work)).status).toBe(201);
  expect(said).toHaveLength(1);
  state.failure = null;
  await once.answer(route, asked(), keyed(), work);
  expect(works()).toBe(2);
});

it("bounds the requests that run, and refuses more", async () => {
  const { once, work, works } = setUp();
  const { running, end } = held();
  const all = Array.from({ length: MOST_RUNNING }, (_, n) =>
    once.answer(route, asked(), keyed(String(n)), () => running.then(work)),
  );
  expect(await codeOf(once.answer(route, asked(), keyed("more"), work))).toBe("overloaded");
  end();
  await Promise.all(all);
  await once.answer(route, asked(), keyed("more"), work);
  expect(works()).toBe(MOST_RUNNING + 1);
});
