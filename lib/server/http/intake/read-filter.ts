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

/** A filter as JSON in a query parameter. @throws {AppError} that names the parameter, and the place in it. */
export function readFilterParameter(text: string | undefined, name: string): Filter | null {
  if (text === undefined) return null;
  const at = `query.${name}`;
  try {
    return readFilter(parseJsonText(text, at), at);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = error.code === "malformed-json" ? "validation-failed" : error.code;
    if (error.errors.length === 0) {
      const message = "must be JSON without repeated keys";
      throw new AppError(code, `${at} ${message}.`, { errors: [{ path: at, message }], cause: error });
    }
    const errors = error.errors.map(({ path, message }) => ({
      path: at,
      message: `${path.slice(at.length)} ${message}`.trim(),
    }));
    throw new AppError(code, error.message, { errors, cause: error });
  }
}
