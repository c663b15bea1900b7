// What documents name must be there: files, links and their anchors, npm scripts, settings, routes, and names of the code.
// Their sentences are short.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { sourceFiles } from "./floors.mjs";
import { longSentences } from "./sentences.mjs";
import { projectDir } from "./setup.mjs";

const EXTENSION = /\.(?:ts|tsx|mjs|cjs|js|json|md|prisma|sql|sh|png|yaml|yml|example|gz)$/;
/** `<x>`, `{x}`, `…`, `*`: a kind of name, not a name. */
const PATTERN = /[<{}>…*]/;

/** What only tests name is not there for readers. */
const TEST = /\.(?:test|spec|fixture|contract)\.\w+$|(?:^|\/)testing\//;

/** Where our own files are: what begins so must be a file or a folder. */
const OURS = /^(?:agent|app|bench|docs|e2e|findings|lib|prisma|scripts|wasm)\//;

/** The documents under a root: those at its top and in `docs/`, `bench/`, `findings/`, `packages/` and `examples/`. */
export function documentFiles(root = projectDir) {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const deeper = ["docs", "bench", "findings", "packages", "examples"].flatMap((folder) => walk(root, folder));
  return [...top, ...deeper.filter((name) => name.endsWith(".md"))].sort();
}

function walk(root, folder) {
  const full = path.join(root, folder);
  if (!exists(full)) return [];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"));
}

function exists(file) {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Compares the documents under a root with its files, and looks for sentences that are too long.
 * @returns a line for each name that is not there, and for each long sentence: `FILE:LINE: what`.
 */
export function checkDocuments(root = projectDir) {
  const known = knownNames(root);
  return documentFiles(root).flatMap((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    return [...deadLinks(root, file, text), ...deadNames(file, text, known), ...tooLong(file, text)];
  });
}

function knownNames(root) {
  const sources = sourceFiles(root)
    .filter((file) => !TEST.test(file))
    .map((file) => [file, readFileSync(path.join(root, file), "utf8")]);
  const others = ["wasm", "prisma", "docs", "findings"].flatMap((folder) => walk(root, folder));
  const paths = new Set([...sources.map(([file]) => file), ...others, ...readdirSync(root)]);
  const words = new Set();
  for (const [, text] of sources) for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) words.add(word);
  for (const file of paths) words.add(path.basename(file));
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return { root, paths: [...paths], scripts: new Set(Object.keys(scripts ?? {})), words, routes: routesOf(sources) };
}

/** Parameters may be called anything, or stand for a value. */
const plainRoute = (route) => route.replaceAll(/\{\w+\}/g, "{}").replace(/(?<=.)\/$/, "");

/** Every operation that the table of ids names; what can be asked for with GET, can with HEAD. */
function routesOf(sources) {
  const [, table = ""] = sources.find(([file]) => file.endsWith("/operation-ids.ts")) ?? [];
  const operations = [...table.matchAll(/"(get|post|put|patch|delete) (\/[^"]+)":/g)].map(
    ([, method, route]) => `${method.toUpperCase()} ${plainRoute(route)}`,
  );
  return new Set(operations.flatMap((name) => (name.startsWith("GET ") ? [name, `HEAD${name.slice(3)}`] : [name])));
}

/** Each part of a document with its line: texts between single backticks, and fenced blocks line by line. */
function* spans(text) {
  let isFenced = false;
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trimStart().startsWith("```")) isFenced = !isFenced;
    else if (isFenced) yield { line: at + 1, span: line.trim(), isFenced };
    else for (const [, span] of line.matchAll(/`([^`]+)`/g)) yield { line: at + 1, span, isFenced };
  }
}

function deadNames(file, text, known) {
  return [...spans(text)].flatMap(({ line, span, isFenced }) =>
    missingIn(span, isFenced, known).map((what) => `${file}:${line}: ${what}`),
  );
}

function missingIn(span, isFenced, { root, paths, scripts, words, routes }) {
  const missing = [];
  for (const [, name] of span.matchAll(/\bnpm run (?:--?[\w-]+ )*([a-z][\w:-]*)/g))
    if (!scripts.has(name)) missing.push(`no npm script "${name}"`);
  for (const [name] of span.matchAll(/\bHEADROOM_[A-Z_]+[A-Z]\b/g))
    if (!words.has(name)) missing.push(`no setting ${name}`);
  const [, method, route] = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\/[^\s?#`]*)/.exec(span) ?? [];
  if (route !== undefined && !/[…*]/.test(route) && !routes.has(`${method} ${plainRoute(route)}`))
    missing.push(`no route ${method} ${route}`);
  for (const word of span.split(/[\s,;()"'=]+/)) {
    const name = word.replace(/^\.\//, "").replace(/[:.]+$/, "");
    if (PATTERN.test(name)) continue;
    if (OURS.test(name) && !EXTENSION.test(name) && !exists(path.join(root, name)) && !isBegun(name, paths))
      missing.push(`no folder ${name}`);
    if (!EXTENSION.test(name) || /^[/~.-]|^https?:|^[A-Z]+\./.test(name)) continue;
    const isThere = exists(path.join(root, name)) || paths.some((file) => file.endsWith(`/${name}`));
    // In a block of commands, files that the reader makes are named too: only what is ours by its folder is looked for.
    if (!isThere && (!isFenced || OURS.test(name))) missing.push(`no file ${name}`);
  }
  if (!isFenced && /^(?:[A-Z][a-z0-9]+){2,}$/.test(span) && !words.has(span)) missing.push(`nothing is called ${span}`);
  return missing;
}

/** Tests are run by how their paths begin. */
function isBegun(name, paths) {
  return paths.some((file) => file.startsWith(name));
}

function tooLong(file, text) {
  return longSentences(text).map(
    ({ line, words, start }) => `${file}:${line}: ${words} words in a sentence: ${start} …`,
  );
}

function deadLinks(root, file, text) {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [target, anchor] = link.split("#");
    const full = target === "" ? path.join(root, file) : path.join(root, path.dirname(file), target);
    if (!exists(full)) return [`${file}: no file behind the link ${link}`];
    if (anchor === undefined || !full.endsWith(".md")) return [];
    return anchorsOf(readFileSync(full, "utf8")).has(anchor) ? [] : [`${file}: no heading behind the link ${link}`];
  });
}

/** As GitHub makes them of headings. */
function anchorsOf(text) {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

if (import.meta.filename === process.argv[1]) {
  const found = checkDocuments();
  for (const line of found) console.log(line);
  console.log(`${documentFiles().length} documents, ${found.length} dead names and long sentences`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
