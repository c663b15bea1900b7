import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

const folder = path.resolve(import.meta.dirname, "../../examples/python");
const python = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 9))"], { encoding: "utf8" });

test.skip(python.stdout !== "True\n", "the Python example needs python3, 3.9 or newer: it is not installed here");

const env = { HEADROOM_LOG_LEVEL: "warn", HEADROOM_SESSION_DURABILITY: "always" };
let server: TestServer;
let desk: { process: ChildProcess; url: string };
let key: string;
let keyId: string;

/** The service as its README starts it; it is there when it tells its address. */
async function start(): Promise<void> {
  const child = spawn("python3", ["-B", "service.py"], {
    cwd: folder,
    env: { ...process.env, HEADROOM_URL: server.url, HEADROOM_API_KEY: key, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`service.py ended with ${code}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /at (http:\S+)/.exec(chunk.toString())?.[1];
      if (found) resolve(found);
    });
  });
  desk = { process: child, url };
}

async function kill(): Promise<void> {
  const ended = new Promise((resolve) => desk.process.once("exit", resolve));
  desk.process.kill("SIGKILL");
  await ended;
}

async function post<T>(page: string, value: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(`${desk.url}/${page}`, { method: "POST", body: JSON.stringify(value) });
  return { status: response.status, body: (await response.json()) as T };
}

test.beforeAll(async () => {
  server = await TestServer.start({ env });
  const made = await server.send("POST", "/api/v1/keys", { name: "desk", role: "consumer", namespace: "default" });
  ({ id: keyId, key } = (await made.json()) as { id: string; key: string });
  await start();
});
test.afterAll(async () => {
  await kill();
  await server.remove();
});

test("the requests of its README are answered as told, and a killed desk goes on where it was", async () => {
  const readme = readFileSync(path.join(folder, "README.md"), "utf8");
  const commands = [...readme.matchAll(/^(?:SESSION=\$\()?curl -d '(.*)' \$DESK\/(\S+?)(?: .*)?$/gm)];
  expect(commands.map(([, , page]) => page)).toEqual(["sign-in", "ask", "ask", "ask", "history"]);
  let session = "";
  const answers: unknown[] = [];
  for (const [, body = "", page = ""] of commands) {
    const { status, body: answer } = await post<{ session?: string }>(
      page,
      JSON.parse(body.replaceAll(`'$SESSION'`, session)),
    );
    expect(status).toBe(200);
    session = answer.session ?? session;
    answers.push(answer);
    if (page === "ask" && answers.length === 2) {
      await kill();
      await start();
    }
  }
  const answer = "The desk opens at nine. Keys are in the blue box.";
  const [opens, keys] = ["When does the desk open?", "Where are the keys?"];
  expect(answers.slice(1)).toEqual([
    { answer, alike: null, cached: false },
    { answer, alike: null, cached: true },
    { answer, alike: opens, cached: false },
    [opens, answer, opens, answer, keys, answer],
  ]);
});

test("an unknown session, a wrong body and an unknown page are told, and no desk ends by them", async () => {
  const unknown = { session: "nobody-has-this-long-id", question: "Who?" };
  expect((await post("ask", unknown)).status).toBe(401);
  expect((await post("ask", [])).status).toBe(400);
  expect((await post("sign-in", {})).status).toBe(400);
  expect((await post("nowhere", {})).status).toBe(404);
});

test("its client knows every operation of the description, and refuses what the description does not name", () => {
  const script = `
import json, os
from headroom import Headroom, Problem
headroom = Headroom(os.environ["HEADROOM_URL"], os.environ["HEADROOM_API_KEY"])
told = []
for call in (
    lambda: headroom.get_session(identity="x"),
    lambda: headroom.get_session(),
    lambda: headroom.get_session(id="x", body={}),
    lambda: headroom.get_session(id="nobody/has this ü"),
    lambda: headroom.create_session(body={"data": 1, "color": "red"}),
):
    try:
        told.append(call().status)
    except TypeError:
        told.append("TypeError")
    except Problem as problem:
        told.append([problem.status, problem.code, [error["path"] for error in problem.errors]])
made = [name for name in vars(headroom) if not name.startswith("_")]
print(json.dumps({"told": told, "made": made}))
`;
  const environment = { ...process.env, HEADROOM_URL: server.url, HEADROOM_API_KEY: key };
  const { stdout, stderr } = spawnSync("python3", ["-B", "-c", script], {
    cwd: folder,
    env: environment,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const { told, made } = JSON.parse(stdout) as { told: unknown; made: string[] };
  expect(made).toEqual(
    expect.arrayContaining(["create_session", "put_cached_response", "search_collection", "export_data"]),
  );
  expect(made.length).toBeGreaterThan(80);
  expect(told).toEqual([
    "TypeError",
    "TypeError",
    "TypeError",
    [404, "not-found", []],
    [400, "validation-failed", ["/color"]],
  ]);
});

test("while Headroom is away or refuses the key, each page tells so with 503, and works again after it", async () => {
  const { body } = await post<{ session: string }>("sign-in", { user: "away" });
  const asks = [
    ["sign-in", { user: "away" }],
    ["ask", { session: body.session, question: "Who?" }],
    ["history", { session: body.session }],
  ] as const;
  const told = async () => {
    const answers = [];
    for (const [page, value] of asks) answers.push(await post<{ error?: string }>(page, value));
    return answers;
  };
  await server.stop();
  for (const { status, body } of await told()) {
    expect(status).toBe(503);
    expect(body.error).toContain("unreachable");
  }
  const { port } = new URL(server.url);
  server = await TestServer.start({ dir: server.dir, env: { ...env, PORT: port } });
  for (const { status } of await told()) expect(status).toBe(200);
  await server.send("DELETE", `/api/v1/keys/${keyId}`);
  for (const { status } of await told()) expect(status).toBe(503);
});
