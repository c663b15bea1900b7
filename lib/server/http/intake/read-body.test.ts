import { expect, it, vi } from "vitest";
import { readBody } from "./read-body.ts";

/** A request with a declared length, as far as the reader may look at it: touching `body` builds a whole stream. */
function newRequest(headers: Record<string, string>, arrayBuffer: () => Promise<ArrayBuffer>): Request {
  const request = {
    headers: new Headers(headers),
    arrayBuffer,
    get body() {
      return expect.unreachable("the body was looked at");
    },
  };
  return request as unknown as Request;
}

it("refuses a declared length over the limit before it reads a byte", async () => {
  const read = vi.fn(async () => new ArrayBuffer(11));
  await expect(readBody(newRequest({ "content-length": "11" }, read), 10)).rejects.toMatchObject({
    code: "body-too-large",
    headers: { Connection: "close" },
  });
  expect(read).not.toHaveBeenCalled();
});

it("takes a body whose sender left in the middle for a malformed request, not for a failure of the server", async () => {
  const request = newRequest({ "content-length": "5" }, () => Promise.reject(new Error("aborted")));
  await expect(readBody(request, 10)).rejects.toMatchObject({ code: "malformed-request", status: 400 });
});

it("counts a body without a length as it comes, and reads none where there is none", async () => {
  const endless = new Request("http://here/", { method: "POST", body: "x".repeat(20) });
  await expect(readBody(endless, 10)).rejects.toMatchObject({ code: "body-too-large" });
  const short = new Request("http://here/", { method: "POST", body: "abc" });
  expect(Buffer.from(await readBody(short, 10)).toString()).toBe("abc");
  expect((await readBody(new Request("http://here/"), 10)).byteLength).toBe(0);
});
