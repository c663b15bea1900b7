import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

test("T38: a snapshot at 60 % of the limit is refused with numbers; where it fits it is valid, private and asks for the key", async () => {
  test.setTimeout(240_000);
  const small = await TestServer.start({ env: { HEADROOM_SNAPSHOTS: "on", HEADROOM_MEMORY_LIMIT_MB: "256" } });
  try {
    const refused = await small.send("POST", "/monitoring/memory/profiles", { kind: "heap-snapshot" });
    expect(refused.status).toBe(507);
    expect((await refused.json()).detail).toMatch(/about \d+ bytes .*; \d+ bytes of the memory limit are free/);
  } finally {
    await small.remove();
  }
  const large = await TestServer.start({ env: { HEADROOM_SNAPSHOTS: "on", HEADROOM_MEMORY_LIMIT_MB: "4096" } });
  try {
    const begun = await large.send("POST", "/monitoring/memory/profiles", { kind: "heap-snapshot" });
    expect(begun.status).toBe(202);
    const location = begun.headers.get("location") ?? "";
    await expect
      .poll(async () => (await (await large.get(location)).json()).state, { timeout: 180_000 })
      .toBe("completed");
    const signIn = await large.send("POST", "/api/v1/auth/sign-in", { key: "operator-key-for-tests-0123456789" });
    const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const byCookie = await fetch(`${large.url}${location}/download`, { headers: { cookie } });
    expect(byCookie.status).toBe(401);
    const file = await large.get(`${location}/download`);
    const snapshot = JSON.parse(await file.text());
    expect(snapshot.snapshot.meta.node_fields).toContain("self_size");
    expect(snapshot.nodes.length).toBe(snapshot.snapshot.node_count * snapshot.snapshot.meta.node_fields.length);
  } finally {
    await large.remove();
  }
});
