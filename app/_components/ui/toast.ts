import { toast } from "sonner";
import { describeError } from "../../../lib/client/problem.ts";

/** Says that something was done. */
export function toastDone(message: string, detail?: string): void {
  toast.success(message, detail === undefined ? undefined : { description: detail });
}

/** Says what failed and, where the server told it, under which request id. */
export function toastError(error: unknown): void {
  const { title, detail, requestId } = describeError(error);
  toast.error(title, {
    description: requestId === null ? detail : `${detail} (request ${requestId})`,
    duration: 10_000,
  });
}
