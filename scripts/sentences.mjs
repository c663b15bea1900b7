// Sentences of documents that are too long to follow at once.

/** A sentence may have this many words. */
const MOST_WORDS = 35;
/** A sentence ends at a mark that a capital, a digit, a quotation, code or emphasis follows. */
const SENTENCE_END = /(?<=[.!?][)"”*_]*)\s+(?=["“(*_`[]*[\p{Lu}\p{N}`])/u;
const LIST_ITEM = /^\s*(?:[-*+]|\d+[.)])\s+/;
/** Tables, headings, HTML, pictures and the marks of a quotation alone. */
const NO_PROSE = /^\s*(?:\||#|<|!\[|>\s*$)/;
const INDENTED_CODE = /^(?: {4}|\t)/;

/**
 * Finds long sentences in the prose of a document. A list item is a block of its own; code, tables and headings are no prose.
 * @returns {{ line: number, words: number, start: string }[]} `line` is where the sentence's block begins.
 */
export function longSentences(text) {
  return blocksOf(text).flatMap(({ line, prose }) =>
    prose
      .split(SENTENCE_END)
      .map((sentence) => ({ line, words: countWords(sentence), start: sentence.split(" ").slice(0, 6).join(" ") }))
      .filter(({ words }) => words > MOST_WORDS),
  );
}

/** Paragraphs and list items, each on one line, with the number of their first line. */
function blocksOf(text) {
  const blocks = [];
  let isOpen = false;
  let isFenced = false;
  for (const [at, line] of text.split("\n").entries()) {
    const isFence = line.trimStart().startsWith("```");
    if (isFence) isFenced = !isFenced;
    const isProse = !isFence && !isFenced && line.trim() !== "" && !NO_PROSE.test(line);
    const continues = isOpen && !LIST_ITEM.test(line);
    if (isProse && continues) blocks[blocks.length - 1].prose += ` ${plain(line)}`;
    else if (isProse && (LIST_ITEM.test(line) || !INDENTED_CODE.test(line)))
      blocks.push({ line: at + 1, prose: plain(line) });
    isOpen = isProse && (continues || LIST_ITEM.test(line) || !INDENTED_CODE.test(line));
  }
  return blocks;
}

/** A line without its marks: a link is its text, and what stands in backticks is one word. */
function plain(line) {
  return line
    .replace(LIST_ITEM, "")
    .replace(/^\s*>\s?/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/`[^`]+`/g, "`code`")
    .trim();
}

function countWords(sentence) {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
