import type { StreamJobView, StreamState } from "../contracts/streams.ts";
import { AppError, type ProblemCode } from "../shared/errors.ts";
import { NoMemoryError, StreamFaultError } from "../streaming/stream-run.ts";

/** Why a run was told to stop. */
export class Stopped extends Error {
  readonly state: "cancelled" | "interrupted";
  readonly code: string;
  /** What the request is told. */
  readonly problem: ProblemCode;

  constructor(state: "cancelled" | "interrupted", code: string, message: string, problem: ProblemCode = "conflict") {
    super(message);
    this.state = state;
    this.code = code;
    this.problem = problem;
  }
}

/** How a run that did not complete ended. */
export interface Failure {
  state: StreamState;
  error: NonNullable<StreamJobView["error"]>;
  resumable: boolean;
  /** What the request that waits for the job is told. */
  thrown: unknown;
}

/** What the job and its client are told of `error`; when the run was told to stop, of the reason for that. */
export function describeFailure(error: unknown, signal: AbortSignal): Failure {
  const cause: unknown = signal.aborted ? signal.reason : error;
  const nowhere = { line: null, offset: null };
  if (cause instanceof Stopped) {
    const { state, code, message } = cause;
    const thrown = new AppError(cause.problem, message, cause.problem === "overloaded" ? { retryAfterSeconds: 5 } : {});
    return { state, error: { code, message, ...nowhere }, resumable: state === "interrupted", thrown };
  }
  if (cause instanceof StreamFaultError) {
    const { code, message, line, offset } = cause.fault;
    const thrown = new AppError("unprocessable", `${message} (line ${line}, offset ${offset})`, {
      errors: [{ path: "", message: `${code} at line ${line}, offset ${offset}` }],
    });
    return { state: "failed", error: { code, message, line, offset }, resumable: false, thrown };
  }
  if (cause instanceof NoMemoryError) {
    const thrown = new AppError("memory-pressure", "Not enough memory for another stream right now. Retry later.", {
      retryAfterSeconds: 5,
    });
    return {
      state: "failed",
      error: { code: thrown.code, message: thrown.message, ...nowhere },
      resumable: true,
      thrown,
    };
  }
  if (cause instanceof AppError) {
    const resumable = cause.status >= 500;
    return {
      state: "failed",
      error: { code: cause.code, message: cause.message, ...nowhere },
      resumable,
      thrown: cause,
    };
  }
  return {
    state: "failed",
    error: { code: "internal", message: "The stream failed on the server. The log has the cause.", ...nowhere },
    resumable: true,
    thrown: cause,
  };
}
