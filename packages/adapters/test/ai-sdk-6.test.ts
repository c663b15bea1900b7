import * as ai from "ai";
import * as six from "ai-6";
import { vi } from "vitest";
import { aiSdkContract } from "./ai-sdk-contract.ts";

vi.mock("ai", () => import("ai-6"));

describe("AI SDK 6", () => {
  it("is what the adapter sees", () => expect(ai.generateText).toBe(six.generateText));
  aiSdkContract(ai, "6");
});
