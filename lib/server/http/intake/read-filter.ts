import { AppError } from "../../../shared/errors.ts";
import { type Filter, FilterError, parseFilter } from "../../../shared/filter.ts";
import { parseJsonText } from "../../../shared/json.ts";

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
  const at = `query.${name}`;
  try {
    return readFilter(parseJsonText(text, at), at);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "malformed-json") throw error;
    const [first] = error.errors;
    const errors = first ? error.errors : [{ path: at, message: "must be JSON without repeated keys" }];
    const detail = first ? error.message : `${at} must be JSON without repeated keys.`;
    throw new AppError("validation-failed", detail, { errors, cause: error });
  }
}
