import { AppError } from "../../shared/errors.ts";
import { type Filter, FilterError, parseFilter } from "../../shared/filter.ts";

/** A filter from a request. @throws {AppError} `validation-failed` that says where, under `path`. */
export function readFilter(source: unknown, path: string): Filter {
  try {
    return parseFilter(source);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const at = `${path}${error.path}`;
    throw new AppError("validation-failed", `${at}: ${error.message}`, {
      errors: [{ path: at, message: error.message }],
      cause: error,
    });
  }
}

/** A filter as JSON in a query parameter. */
export function readFilterParameter(text: string | undefined, name: string): Filter | null {
  if (text === undefined) return null;
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (cause) {
    const errors = [{ path: `query.${name}`, message: "is not JSON" }];
    throw new AppError("validation-failed", `query.${name} is not JSON.`, { errors, cause });
  }
  return readFilter(source, `query.${name}`);
}
