import { expect, it, vi } from "vitest";
import type { Amount, QuotaGate } from "../ports/namespace-quotas.ts";
import { AppError } from "../shared/errors.ts";
import { DocumentIngest } from "./ingest-document.ts";
import type { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";

const DOCUMENT = { id: "d", text: "text", source: "s", page: null, language: null, metadata: {} };

it("does not begin to embed a new document where its namespace has no room at all, and counts once before it says so", async () => {
  const recount = vi.fn(async () => false);
  const gate = { fits: () => false, exceeded: () => new AppError("quota-exceeded", "full"), recount };
  const require = vi.fn();
  const parts = { documents: { find: async () => null }, quotas: { of: () => gate as unknown as QuotaGate } };
  const ingest = new DocumentIngest(parts as unknown as RagParts, { require } as unknown as ModelAgreement);
  const put = ingest.put("n", { ...DOCUMENT, chunking: { size: 10, overlap: 0 } }, null);
  await expect(put).rejects.toMatchObject({ code: "quota-exceeded", status: 507 });
  expect([recount.mock.calls.length, require.mock.calls.length]).toEqual([1, 0]);
});

it("does not begin to embed a document, new or another's next version, whose passages alone are more than there is room for", async () => {
  const asked: Amount[] = [];
  const fits = ({ bytes }: Amount) => bytes <= 50;
  const gate = {
    fits: (more: Amount) => asked.push(more) > 0 && fits(more),
    exceeded: () => new AppError("quota-exceeded", "full"),
    recount: async () => false,
  };
  const embed = vi.fn(async () => Promise.reject(new Error("embedded")));
  const text = "A sentence of thirty characters. ".repeat(4);
  const put = (before: object | null, bytes: number) => {
    const parts = {
      documents: { find: async () => before, bytesOf: async () => bytes },
      quotas: { of: () => gate as unknown as QuotaGate },
      embedder: { state: () => ({ model: { id: "m" } }) },
      reading: { load: async () => (span: string) => span.length, maxTokens: 1_000 },
      embeddings: { embed },
    };
    const ingest = new DocumentIngest(parts as unknown as RagParts, { require: vi.fn() } as unknown as ModelAgreement);
    return ingest.put("n", { ...DOCUMENT, text, chunking: { size: 40, overlap: 0 } }, null);
  };
  const before = { rowId: 1, checksum: "another", updatedAtMs: 1 };
  await expect(put(null, 0)).rejects.toMatchObject({ code: "quota-exceeded" });
  await expect(put(before, 10)).rejects.toMatchObject({ code: "quota-exceeded" });
  expect(embed).not.toHaveBeenCalled();
  expect(asked.at(-1)?.items).toBe(0);
  await expect(put(before, 100)).rejects.toThrow("embedded");
});
