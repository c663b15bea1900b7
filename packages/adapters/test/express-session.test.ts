import { promisify } from "node:util";
import { HeadroomStore, type HeadroomStoreOptions } from "@headroom/adapters/express-session";
import express from "express";
import session, { type SessionData } from "express-session";
import { Browser, listening } from "./browser.ts";
import { counted, headroom } from "./server.ts";

declare module "express-session" {
  interface SessionData {
    user?: string;
    n?: number;
  }
}

// What was acknowledged is on disk, also when the server is killed.
const server = headroom({ HEADROOM_SESSION_DURABILITY: "always" });
const HOUR_MS = 3_600_000;
let names = 0;

/** A store of its own, with what was sent for it. */
function storeOf(options: Partial<HeadroomStoreOptions> = {}) {
  const { client, calls } = counted(server);
  const store = new HeadroomStore({ client, prefix: `test${names++}:`, ...options });
  return {
    store,
    calls,
    get: promisify(store.get.bind(store)) as (sid: string) => Promise<SessionData | null>,
    set: promisify(store.set.bind(store)) as (sid: string, data: SessionData) => Promise<void>,
    touch: promisify(store.touch.bind(store)) as (sid: string, data: SessionData) => Promise<void>,
    destroy: promisify(store.destroy.bind(store)) as (sid: string) => Promise<void>,
    all: promisify(store.all.bind(store)) as () => Promise<(SessionData & { id: string })[]>,
    length: promisify(store.length.bind(store)) as () => Promise<number>,
    clear: promisify(store.clear.bind(store)) as () => Promise<void>,
  };
}

const sid = (name: string) => `${name}-0123456789abcdef0123`;
const dataOf = (more: Partial<SessionData> = {}, maxAge: number | null = null): SessionData => ({
  cookie: Object.assign(new session.Cookie(), maxAge === null ? {} : { maxAge }),
  ...more,
});

describe("the contract of express-session's README", () => {
  it("get calls back with the session that was set, and with null where there is none", async () => {
    const { get, set } = storeOf();
    expect(await get(sid("absent"))).toBeNull();
    await set(sid("a"), dataOf({ user: "ada" }));
    expect(await get(sid("a"))).toMatchObject({ user: "ada", cookie: { path: "/", originalMaxAge: null } });
  });

  it("set upserts: what is there is replaced as a whole", async () => {
    const { get, set } = storeOf();
    await set(sid("a"), dataOf({ user: "ada", n: 1 }));
    await set(sid("a"), dataOf({ n: 2 }));
    const found = await get(sid("a"));
    expect([found?.n, found?.user]).toEqual([2, undefined]);
  });

  it("destroy ends a session, is content where there is none, and no late save revives it", async () => {
    const { get, set, destroy } = storeOf();
    await destroy(sid("absent"));
    await set(sid("a"), dataOf({ user: "ada" }));
    await destroy(sid("a"));
    await set(sid("a"), dataOf({ user: "ada" }));
    expect(await get(sid("a"))).toBeNull();
  });

  it("touch moves the idle end and leaves the data; of a session that is gone it is content", async () => {
    const { get, set, touch, store } = storeOf();
    await set(sid("a"), dataOf({ user: "ada" }, HOUR_MS));
    await touch(sid("a"), dataOf({ user: "not saved" }, 2 * HOUR_MS));
    const found = await get(sid("a"));
    expect(found?.user).toBe("ada");
    expect(new Date(found?.cookie.expires ?? 0).getTime()).toBeGreaterThan(Date.now() + HOUR_MS * 1.9);
    await touch(sid("absent"), dataOf());
    expect(store).toHaveProperty("touch");
  });

  it("all is an array with every session of this store, length counts them, clear ends them and no others", async () => {
    const { set, all, length, clear, calls } = storeOf();
    const other = storeOf();
    await other.set(sid("other"), dataOf());
    const ids = Array.from({ length: 26 }, (_, n) => sid(`s${n}`));
    await Promise.all(ids.map((id, n) => set(id, dataOf({ n }))));
    const before = calls();
    const found = await all();
    expect([Array.isArray(found), calls() - before]).toEqual([true, 2]);
    expect(found.map((one) => [one.id, one.n]).sort()).toEqual(ids.map((id, n) => [id, n]).sort());
    expect(await length()).toBe(26);
    await clear();
    expect([await length(), await all(), await other.length()]).toEqual([0, [], 1]);
  });

  it("an error of the server goes to the callback", async () => {
    const { set } = storeOf();
    await expect(set("x".repeat(300), dataOf())).rejects.toMatchObject({ code: "validation-failed" });
  });
});

describe("times", () => {
  const read = (prefix: string, id: string) => server.client.sessions.get(prefix + id);

  it("a session lives as long as its cookie; one without maxAge for ttlSeconds", async () => {
    const { set } = storeOf({ prefix: "times:", ttlSeconds: 500 });
    await set(sid("a"), dataOf({}, HOUR_MS));
    await set(sid("b"), dataOf());
    expect((await read("times:", sid("a")))?.idleTimeoutSeconds).toBe(3600);
    expect((await read("times:", sid("b")))?.idleTimeoutSeconds).toBe(500);
  });

  it("a session whose cookie has expired is ended, not kept", async () => {
    const { get, set } = storeOf();
    await set(sid("a"), dataOf({ user: "ada" }));
    await set(sid("a"), dataOf({ user: "ada" }, -1000));
    expect(await get(sid("a"))).toBeNull();
  });

  it("absoluteSeconds is an end that neither saves nor touches move", async () => {
    const { set, touch } = storeOf({ prefix: "absolute:", absoluteSeconds: 100 });
    await set(sid("a"), dataOf({}, HOUR_MS));
    const { endsAt } = (await read("absolute:", sid("a"))) as unknown as { endsAt: string };
    expect(Date.parse(endsAt)).toBeLessThanOrEqual(Date.now() + 100_000);
    await set(sid("a"), dataOf({ n: 1 }, HOUR_MS));
    await touch(sid("a"), dataOf({ n: 1 }, 2 * HOUR_MS));
    expect(await read("absolute:", sid("a"))).toMatchObject({ endsAt, data: { n: 1 } });
  });
});

describe("behind Express", () => {
  const apps: { close(): unknown }[] = [];
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  async function appOf(options: Partial<session.SessionOptions> = {}, store: Partial<HeadroomStoreOptions> = {}) {
    const made = storeOf(store);
    const app = express();
    app.use(
      session({
        secret: "s",
        resave: false,
        saveUninitialized: false,
        cookie: { maxAge: HOUR_MS },
        ...options,
        store: made.store,
      }),
    );
    app.get("/login", (request, response) => {
      request.session.user = "ada";
      response.json({});
    });
    app.get("/me", (request, response) => response.json({ user: request.session.user ?? null, id: request.sessionID }));
    app.get("/month", (request, response) => {
      request.session.cookie.maxAge = 30 * 24 * HOUR_MS;
      response.json({});
    });
    app.get("/fresh", (request, response) =>
      request.session.regenerate(() => {
        request.session.user = "grace";
        response.json({});
      }),
    );
    app.get("/logout", (request, response) => request.session.destroy(() => response.json({})));
    const { base, server: listener } = await listening(app);
    apps.push(listener);
    return { ...made, browser: () => new Browser(base) };
  }

  it("signing in takes one round trip, and so does each request that reads", async () => {
    const { browser, calls } = await appOf();
    const ada = browser();
    await ada.get("/login");
    expect(calls()).toBe(1);
    expect(await ada.get("/me")).toMatchObject({ user: "ada" });
    expect(await ada.get("/me")).toMatchObject({ user: "ada" });
    expect(calls()).toBe(3);
    await ada.get("/login");
    expect(calls()).toBe(4);
  });

  it("the id is express's own, from genid too", async () => {
    const { browser, get } = await appOf({ genid: () => sid("chosen") });
    const ada = browser();
    await ada.get("/login");
    expect(await ada.get("/me")).toMatchObject({ id: sid("chosen") });
    expect(await get(sid("chosen"))).toMatchObject({ user: "ada" });
  });

  it("maxAge changed later holds from then on: for the cookie, for the session and for later requests", async () => {
    const { browser, store, calls } = await appOf({ rolling: true });
    const ada = browser();
    await ada.get("/login");
    const before = calls();
    await ada.get("/month");
    expect(calls() - before).toBe(2);
    await ada.get("/me");
    expect(ada.expires?.getTime()).toBeGreaterThan(Date.now() + 29 * 24 * HOUR_MS);
    const [one] = await promisify(
      store.all.bind(store) as never as (done: (e: unknown, v: SessionData[]) => void) => void,
    )();
    expect(one?.cookie.originalMaxAge).toBe(30 * 24 * HOUR_MS);
    expect(new Date(one?.cookie.expires ?? 0).getTime()).toBeGreaterThan(Date.now() + 29 * 24 * HOUR_MS);
  });

  it("rolling sends the cookie with each answer, with a new end", async () => {
    const { browser } = await appOf({ rolling: true });
    const ada = browser();
    await ada.get("/login");
    const first = ada.expires;
    await ada.get("/me");
    expect(ada.expires?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it("regenerate gives a new id and ends the old session; destroy signs out", async () => {
    const { browser, get } = await appOf();
    const ada = browser();
    await ada.get("/login");
    const { id: old } = (await ada.get("/me")) as { id: string };
    const thief = browser();
    thief.cookie = ada.cookie;
    await ada.get("/fresh");
    expect(await ada.get("/me")).toMatchObject({ user: "grace" });
    expect([await get(old), ((await thief.get("/me")) as { user: null }).user]).toEqual([null, null]);
    await ada.get("/logout");
    expect(await ada.get("/me")).toMatchObject({ user: null });
  });

  it("everybody stays signed in over kill -9 of the server", async () => {
    const { browser } = await appOf();
    const people = Array.from({ length: 20 }, browser);
    await Promise.all(people.map((one) => one.get("/login")));
    await server.restart("SIGKILL");
    for (const one of people) expect(await one.get("/me")).toMatchObject({ user: "ada" });
  });
});
