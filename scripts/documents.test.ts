import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkDocuments, documentFiles } from "./documents.mjs";

const root = mkdtempSync(path.join(tmpdir(), "headroom-documents-"));
const write = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};

beforeAll(() => {
  write("package.json", `{ "scripts": { "start": "true" } }`);
  write("lib/there.ts", `export class ThereItIs { setting = "HEADROOM_THERE"; }`);
  write("lib/there.test.ts", `const OnlyTested = "HEADROOM_GONE";`);
  write(
    "lib/operation-ids.ts",
    `export const IDS = { "get /api/v1/there": "getIt", "put /api/v1/there/{id}": "putIt" };`,
  );
});
afterAll(() => rmSync(root, { recursive: true }));

const dead = (text: string) => {
  write("docs/page.md", text);
  return checkDocuments(root).map((line) => line.replace("docs/page.md:1: ", ""));
};

it.each([
  ["`lib/gone.ts`", "no file lib/gone.ts"],
  ["`gone.ts`", "no file gone.ts"],
  ["`lib/gone`", "no folder lib/gone"],
  ["`npx vitest run lib/gone/deeper`", "no folder lib/gone/deeper"],
  ["`node scripts/gone.mjs --fast`", "no file scripts/gone.mjs"],
  ["`npm run gone`", 'no npm script "gone"'],
  ["`HEADROOM_GONE=1`", "no setting HEADROOM_GONE"],
  ["`GET /api/v1/gone`", "no route GET /api/v1/gone"],
  ["`GET /api/v1/the`", "no route GET /api/v1/the"],
  ["`POST /api/v1/there`", "no route POST /api/v1/there"],
  ["`PUT /api/v1/their/{id}`", "no route PUT /api/v1/their/{id}"],
  ["`OnlyTested`", "nothing is called OnlyTested"],
  ["`GoneForLong`", "nothing is called GoneForLong"],
])("names what is not there: %s", (text, told) => {
  expect(dead(text)).toEqual([told]);
});

it("names links to nothing, and to headings that are not there", () => {
  expect(
    dead("# A heading, and more\n[a](../lib/gone.ts) [b](#gone) [c](#a-heading-and-more) [d](../lib/there.ts)"),
  ).toEqual(["docs/page.md: no file behind the link ../lib/gone.ts", "docs/page.md: no heading behind the link #gone"]);
});

it("says nothing of what is there, of patterns, of others' addresses, and of files that a reader makes", () => {
  const fine = [
    "`lib/there.ts` `there.ts` `lib` `lib/` `npx vitest run lib/th` `npm run start` `HEADROOM_THERE` `GET /api/v1/there?x=1` `HEAD /api/v1/there` `PUT /api/v1/there/{name}` `ThereItIs` `compose-….ts` `/etc/x.json`",
    "[site](https://example.com/a.md)",
    "```sh",
    "curl -o mine.json http://127.0.0.1/x.json",
    "```",
  ];
  expect(dead(fine.join("\n"))).toEqual([]);
});

const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(" ");

it("a sentence of 36 words is told with its line and its first words, one of 35 is not", () => {
  write("docs/page.md", `# Page\n\nIt is short. So ${words(34)}.\n\nAnd ${words(35)}.\n`);
  expect(checkDocuments(root)).toEqual(["docs/page.md:5: 36 words in a sentence: And w0 w1 w2 w3 w4 …"]);
});

it.each([
  ["two sentences in one paragraph", `${words(20)}.\nThen ${words(20)}.`],
  ["items of a list", `- ${words(20)}\n- ${words(20)}\n1. ${words(20)}`],
  ["a table", `| ${words(20)} | ${words(20)} |`],
  ["a block of code", `\`\`\`sh\n${words(40)}\n\`\`\`\n`],
  ["indented code", `Text:\n\n    ${words(40)}`],
  ["code between backticks, and a link", `Run \`${words(40)}\` as [it](page.md) says.`],
  ["a heading", `# ${words(40)}`],
])("takes for no long sentence: %s", (_, text) => {
  write("docs/page.md", text);
  expect(checkDocuments(root)).toEqual([]);
});

it.each([
  ["over the lines of a paragraph", `${words(20)}\n${words(20)}`],
  ["in an item of a list, over its lines", `- ${words(20)}\n  ${words(20)}`],
  ["in a quotation", `> ${words(40)}`],
])("finds a long sentence %s", (_, text) => {
  write("docs/page.md", text);
  expect(checkDocuments(root)).toHaveLength(1);
});

it("reads the project's own documents", () => {
  expect(documentFiles()).toEqual(expect.arrayContaining(["ARCHITECTURE.md", "README.md", "findings/README.md"]));
});
