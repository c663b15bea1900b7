import type { Database } from "../ports/database.ts";
import { AppError } from "../shared/errors.ts";

const ATTEMPTS = 5;

/**
 * Does what replaces what is there, whoever else does so now: within a process that goes in turns, and of nodes that share a server the
 * later one does it again. `work` begins by reading what is there.
 */
export async function betweenNodes<Value>({ dialect }: Database, work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isAgain = dialect === "postgres" && error instanceof AppError && error.code === "conflict";
      if (!isAgain || attempt === ATTEMPTS) throw error;
    }
  }
}
