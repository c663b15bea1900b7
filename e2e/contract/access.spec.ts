/** Who may do what: every operation of /openapi.json, with every role, namespace and credential. */
import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const ROLES = ["viewer", "consumer", "operator"] as const;
const METHODS = ["get", "post", "put", "patch", "delete"] as const;
const [OURS, THEIRS] = ["tenant-a", "tenant-b"] as const;

interface Operation {
  method: string;
  path: string;
  role: unknown;
}

async function operationsOf(server: TestServer): Promise<Operation[]> {
  const { paths } = (await (await server.get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { "x-headroom-role"?: unknown }>>;
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method: method.toUpperCase(), path, role: operation["x-headroom-role"] }] : [];
    }),
  );
}

const mayDo = (role: string, wanted: unknown) => role === "operator" || [wanted].flat().includes(role);

interface Holder {
  role: string;
  namespace: string;
  via: string;
  headers: Record<string, string>;
}

async function cookieOf(server: TestServer, key: string): Promise<string> {
  const answer = await server.send("POST", "/api/v1/auth/sign-in", { key });
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** Each role in each namespace, by its key and by a sign-in. */
async function everyHolder(server: TestServer): Promise<Holder[]> {
  const holders: Holder[] = [];
  for (const role of ROLES)
    for (const namespace of [OURS, THEIRS]) {
      const key = await server.createKey(role, namespace);
      holders.push({ role, namespace, via: "bearer", headers: { authorization: `Bearer ${key}` } });
      const cookie = await cookieOf(server, key);
      holders.push({ role, namespace, via: "cookie", headers: { cookie, origin: server.url } });
    }
  return holders;
}

const NOBODY = "00000000-0000-4000-8000-000000000000";
const unknown = (path: string) => path.replaceAll(/\{\w+\}/g, NOBODY);

/** What would do something that other tests feel is asked for so that it does nothing; the rest gets a body that no schema takes. */
const HARMLESS: Readonly<Record<string, string>> = {
  "/monitoring/memory/optimize": `{"dryRun":true}`,
  "/api/v1/settings/rollback": `{"revision":999999999}`,
};

function send(
  server: TestServer,
  { method, path }: Pick<Operation, "method" | "path">,
  headers: Record<string, string>,
) {
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "DELETE";
  return fetch(`${server.url}${unknown(path)}`, {
    method,
    redirect: "manual",
    headers: { ...headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
    ...(hasBody ? { body: HARMLESS[path] ?? "[]" } : {}),
  });
}

async function codeOf(response: Response): Promise<string> {
  const text = await response.text();
  return response.ok || text === "" ? "" : (JSON.parse(text) as { code: string }).code;
}

// The address has no wrong keys left afterwards.
test.use({ apart: true });

test("every operation takes exactly the roles that /openapi.json says, by key and by cookie, in its own namespace alone", async ({
  server,
}) => {
  const operations = await operationsOf(server);
  const holders = await everyHolder(server);
  let [requests, allowed, refused] = [0, 0, 0];
  for (const operation of operations) {
    const name = `${operation.method} ${operation.path}`;
    const roles = [operation.role].flat();
    expect([name, roles.every((role) => ["none", ...ROLES].includes(role as "none"))]).toEqual([name, true]);
    // Signing in or out with these would end what the walk stands on.
    if (operation.path.startsWith("/api/v1/auth/sign")) continue;
    for (const { role, namespace, via, headers } of holders) {
      const who = `${name} as ${role} of ${namespace} by ${via}`;
      const may = operation.role === "none" || mayDo(role, operation.role);
      const own = await send(server, operation, headers);
      requests += 1;
      if (may) allowed += 1;
      else refused += 1;
      const code = await codeOf(own);
      expect([who, own.status === 403 ? code : "not refused", own.status === 401 || own.status === 500]).toEqual([
        who,
        may ? "not refused" : "forbidden",
        false,
      ]);
      if (operation.role === "none" || !may) continue;
      // The namespace of somebody else is an operator's to pick.
      const elsewhere = namespace === OURS ? THEIRS : OURS;
      const other = await send(server, operation, { ...headers, "x-namespace": elsewhere });
      requests += 1;
      expect([who, await codeOf(other)].slice(0, 1)).toEqual([who]);
      expect([who, other.status === 403]).toEqual([who, role !== "operator"]);
      if (via === "cookie" && operation.method !== "GET") {
        const { cookie = "" } = headers;
        const foreign = await send(server, operation, { cookie, origin: "https://elsewhere.example" });
        requests += 1;
        expect([who, foreign.status, await codeOf(foreign)]).toEqual([who, 403, "foreign-origin"]);
      }
    }
  }
  process.stdout.write(
    `access walked: ${operations.length} operations × ${holders.length} holders (3 roles × 2 namespaces × key and cookie), ` +
      `${requests} requests: ${allowed} allowed, ${refused} refused\n`,
  );
  expect(operations.length).toBeGreaterThan(70);
});

test("no operation that needs a key takes none, a wrong, a revoked or an expired one, or a sign-in that was ended or pushed out", async ({
  server,
}) => {
  const make = async (more: object = {}) =>
    (await (await server.send("POST", "/api/v1/keys", { name: "short", role: "operator", ...more })).json()) as {
      id: string;
      key: string;
    };
  const revoked = await make();
  const cookieOfRevoked = await cookieOf(server, revoked.key);
  await server.send("DELETE", `/api/v1/keys/${revoked.id}`);
  const expired = await make({ expiresAt: new Date(Date.now() + 1_500).toISOString() });
  const cookieOfExpired = await cookieOf(server, expired.key);
  const { key } = await make();
  const [signedOut, pushedOut] = [await cookieOf(server, key), await cookieOf(server, key)];
  await fetch(`${server.url}/api/v1/auth/sign-out`, { method: "POST", headers: { cookie: signedOut } });
  const others = await cookieOf(server, (await make()).key);
  for (let count = 0; count < 20; count++) await cookieOf(server, key);
  const me = (headers: Record<string, string>) => server.get("/api/v1/auth/me", { authorization: "", ...headers });
  await expect.poll(async () => (await me({ authorization: `Bearer ${expired.key}` })).status).toBeGreaterThan(400);
  // R3: nobody else's sign-in was pushed out.
  expect((await fetch(`${server.url}/api/v1/auth/me`, { headers: { cookie: others } })).status).toBe(200);

  const origin = server.url;
  const credentials: Record<string, Record<string, string>> = {
    none: {},
    "a wrong key": { authorization: "Bearer hr.AAAAAAAAAAAA.x" },
    "a wrong key beside a good cookie": { authorization: "Bearer wrong", cookie: others, origin },
    "a revoked key": { authorization: `Bearer ${revoked.key}` },
    "an expired key": { authorization: `Bearer ${expired.key}` },
    "a cookie of a revoked key": { cookie: cookieOfRevoked, origin },
    "a cookie of an expired key": { cookie: cookieOfExpired, origin },
    "a sign-in that was signed out": { cookie: signedOut, origin },
    "a sign-in that was pushed out": { cookie: pushedOut, origin },
  };
  let requests = 0;
  for (const operation of await operationsOf(server)) {
    if (operation.role === "none") continue;
    for (const [what, headers] of Object.entries(credentials)) {
      const answer = await send(server, operation, headers);
      requests += 1;
      const who = `${operation.method} ${operation.path} with ${what}`;
      // Whoever keeps trying wrong keys is slowed.
      expect([who, answer.status === 401 || answer.status === 429]).toEqual([who, true]);
      await answer.body?.cancel();
    }
  }
  process.stdout.write(
    `access walked: ${Object.keys(credentials).length} bad credentials, ${requests} requests, all refused\n`,
  );
});

/** One of each thing in our namespace, all of it with a word that nobody else may read. */
async function fill(server: TestServer, secret: string): Promise<Record<string, string>> {
  const own = { "x-namespace": OURS };
  const id = `id-of-${secret}`;
  const made = async (answer: Promise<Response>, ...statuses: number[]) => {
    const response = await answer;
    expect([response.url, response.status, statuses.includes(response.status)]).toEqual([
      response.url,
      response.status,
      true,
    ]);
    return response;
  };
  const session = await made(server.send("POST", "/api/v1/sessions", { data: { secret } }, own), 201);
  await made(server.send("PUT", `/api/v1/cache/${id}`, secret, { ...own, "content-type": "text/plain" }), 201);
  await made(server.send("PUT", `/api/v1/collections/${id}`, { dimensions: 2, metric: "dot" }, own), 201);
  const points = [{ id, vector: [1, 0], metadata: { secret } }];
  await made(server.send("PUT", `/api/v1/collections/${id}/points`, { points }, own), 200);
  await made(server.send("PUT", `/api/v1/rag/documents/${id}`, { text: secret, source: secret }, own), 200, 201);
  const message = { id, role: "user", content: secret };
  await made(server.send("POST", `/api/v1/conversations/${id}/messages`, message, own), 201);
  // A record that is refused is kept with an excerpt, and one that is taken is told with its id.
  const records = `{"a":"${secret}\n{"key":"${secret}-streamed"}\n`;
  const job = await made(server.send("POST", "/api/v1/streams?target=cache&format=ndjson&wait=1", records, own), 200);
  const process = { rssBytes: 1, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1, arrayBuffersBytes: 1 };
  const sample = { sequence: 1, sampledAt: new Date().toISOString(), process, gc: { heapUsedAfterMajorBytes: null } };
  const samples = { samples: [{ ...sample, activity: { requests: 1 } }] };
  await made(server.send("POST", `/api/v1/agents/${id}/samples`, samples, own), 200);
  const sessionId = ((await session.json()) as { id: string }).id;
  const jobId = ((await job.json()) as { id: string }).id;
  return { sessions: sessionId, streams: jobId, other: id };
}

/** The path with the ids of what was made; null where it names something that belongs to no namespace. */
function pathOf(path: string, ids: Record<string, string>): string | null {
  if (!path.includes("{")) return path;
  if (/profiles|optimizations|keys|namespaces/.test(path)) return null;
  const store = /^\/api\/v1\/(sessions|streams)\//.exec(path)?.[1] ?? "other";
  return path.replaceAll(/\{\w+\}/g, ids[store] ?? "");
}

const QUERIES: Readonly<Record<string, (id: string) => string[]>> = {
  "/api/v1/export": (id) => [`?source=vectors:${id}`, "?source=rag", "?source=conversations"],
  "/monitoring/memory/leaks": (id) => ["", `?agent=${id}`],
  "/monitoring/memory/stores": () => ["", "?store=sessions"],
};

test("T26: nothing of a namespace is read or changed from another one, and who made it reads all of it", async ({
  server,
  door,
}) => {
  const secret = `zebra-${door}`;
  const ids = await fill(server, secret);
  const operations = await operationsOf(server);
  const holders = await everyHolder(server);
  const targetsOf = ({ path }: Operation) => {
    const at = pathOf(path, ids);
    return at === null ? [] : (QUERIES[path]?.(ids.other ?? "") ?? [""]).map((query) => `${at}${query}`);
  };
  const read = operations.filter(({ method, role }) => method === "GET" && role !== "none");
  let requests = 0;
  for (const { role, namespace, via, headers } of holders) {
    for (const operation of read) {
      for (const target of targetsOf(operation)) {
        // The audit and the settings are the server's own, for operators of whatever namespace.
        if (role === "operator" && target === "/api/v1/audit") continue;
        const answer = await fetch(`${server.url}${target}`, { headers });
        const text = await answer.text();
        requests += 1;
        const who = `${target} as ${role} of ${namespace} by ${via}`;
        const may = mayDo(role, operation.role);
        if (namespace === THEIRS) {
          // A refusal may repeat the id that was asked for.
          const told = answer.ok ? text.includes(secret) : text.replaceAll(ids.other ?? "", "").includes(secret);
          expect([who, told]).toEqual([who, false]);
          if (may && target.includes(ids.other ?? "?")) expect([who, answer.status]).toEqual([who, 404]);
        } else if (may) expect([who, answer.status]).toEqual([who, 200]);
      }
    }
  }
  const stream = `/api/v1/streams/${ids.streams}`;
  for (const { role, namespace, headers } of holders) {
    const head = await fetch(`${server.url}${stream}`, { method: "HEAD", headers });
    expect([role, namespace, head.status]).toEqual([role, namespace, namespace === OURS ? 200 : 404]);
  }

  const asOperator = { "x-namespace": OURS };
  const state = async () => {
    const texts: string[] = [];
    for (const target of [
      "/api/v1/sessions",
      "/api/v1/collections",
      "/api/v1/rag/documents",
      "/api/v1/conversations",
      stream,
    ]) {
      const { items = [] } = (await (await server.get(target, asOperator)).json()) as { items?: object[] };
      texts.push(`${target} ${items.length}`);
    }
    for (const target of [`/api/v1/cache/${ids.other}`, `/api/v1/collections/${ids.other}/points/${ids.other}`])
      texts.push(await (await server.get(target, asOperator)).text());
    return texts;
  };
  const before = await state();
  const BODIES: Record<string, unknown> = { PUT: { data: {}, text: "x", source: "x" }, PATCH: {}, POST: {} };
  for (const { role, namespace, headers } of holders) {
    if (namespace === OURS || role === "viewer") continue;
    for (const operation of operations) {
      if (operation.method === "GET" || operation.role === "none" || !operation.path.includes("{")) continue;
      const target = pathOf(operation.path, ids);
      // What is made again under the same name in the own namespace is no change of another's.
      if (target === null || operation.path.startsWith("/api/v1/agents")) continue;
      const hasBody = operation.method !== "DELETE";
      const answer = await fetch(`${server.url}${target}`, {
        method: operation.method,
        headers: { ...headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
        ...(hasBody ? { body: JSON.stringify(BODIES[operation.method]) } : {}),
      });
      requests += 1;
      expect([target, answer.status < 500]).toEqual([target, true]);
      await answer.body?.cancel();
    }
  }
  expect(await state()).toEqual(before);
  process.stdout.write(
    `isolation walked: ${read.length} reads and every write by id × ${holders.length} holders, ${requests} requests\n`,
  );
});

test("R14: two Host or Authorization headers are 400, and the optimizer of images is closed", async ({ server }) => {
  const { sendRaw } = await import("../support/raw-http.ts");
  for (const twice of ["Host: a\r\nHost: b", "Host: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b"]) {
    const answer = await sendRaw(server.url, `GET /livez HTTP/1.1\r\n${twice}\r\nConnection: close\r\n\r\n`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      expect.objectContaining({ code: "malformed-request" }),
    ]);
  }
  for (const path of ["/_next/image?url=%2Ficon.svg&w=64&q=75", "/_next/%69mage?url=http%3A%2F%2F127.0.0.1&w=64&q=75"])
    expect((await server.get(path)).status).toBe(404);
});

test("R3: a thousand sign-ins of a viewer are one entry of the audit, and leave every other entry there", async ({
  server,
}) => {
  const key = await server.createKey("viewer", "noisy");
  const all = async () =>
    ((await (await server.get("/api/v1/audit?limit=500")).json()) as { items: { action: string; namespace: string }[] })
      .items;
  const before = await all();
  for (let round = 0; round < 20; round++)
    await Promise.all(Array.from({ length: 50 }, () => server.send("POST", "/api/v1/auth/sign-in", { key })));
  const after = await all();
  expect(after.filter(({ namespace }) => namespace === "noisy").map(({ action }) => action)).toEqual(["auth.sign-in"]);
  expect(after).toEqual(expect.arrayContaining(before.slice(0, 400)));
});
