import * as ai from "ai";
import { aiSdkContract } from "./ai-sdk-contract.ts";

describe("AI SDK 7", () => aiSdkContract(ai, "7"));
