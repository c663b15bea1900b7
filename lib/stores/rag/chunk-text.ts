import { isInsidePair, type ReadableEnd } from "./reading-limit.ts";

export interface Chunking {
  /** Longest chunk, in UTF-16 code units, the unit of JavaScript's own offsets. */
  size: number;
  /** Most of the previous chunk that the next one says again. */
  overlap: number;
}

export interface TextSpan {
  start: number;
  end: number;
}

/**
 * Cuts a text into overlapping chunks. For each, `text.slice(start, end)` is the chunk: no longer than `size` nor than `readable` lets it
 * be, no white space at its edges, no surrogate pair split, and nothing but white space left between two of them.
 * A cut falls where a paragraph ends if one does in the window's later half, else a sentence, else a word.
 * Each choice looks only at the text around it, so an edit moves the cuts near it and the rest stay.
 */
export function* chunkSpans(text: string, chunking: Chunking, readable: ReadableEnd = noLimit): Generator<TextSpan> {
  const { size, overlap } = chunking;
  if (!(size >= 1 && overlap >= 0 && overlap < size))
    throw new RangeError("A chunk needs a size of at least 1 and an overlap below it.");
  const last = trimEnd(text, 0, text.length);
  let reached = 0;
  let start = skipSpace(text, 0, last);
  while (start < last) {
    const wanted = Math.min(last, start + size);
    const limit = readable(text, start, wanted);
    const end = limit >= last ? last : findCut(text, start, limit - start);
    const trimmed = trimEnd(text, start, end);
    // A cut in the white space behind the last chunk adds nothing to what that one says.
    if (trimmed > reached) yield { start, end: trimmed };
    reached = Math.max(reached, trimmed);
    if (end >= last) return;
    // A chunk that the model made shorter is repeated in the same proportion.
    const repeated = limit === wanted ? overlap : Math.floor((overlap * (limit - start)) / size);
    const next = Math.max(start + 1, overlapStart(text, start, end, repeated));
    // White space may follow the pair that is left out.
    start = skipSpace(text, isInsidePair(text, next) ? next + 1 : next, last);
  }
}

/** All of them at once. */
export function chunkText(text: string, chunking: Chunking, readable: ReadableEnd = noLimit): TextSpan[] {
  return [...chunkSpans(text, chunking, readable)];
}

const noLimit: ReadableEnd = (_text, _start, end) => end;

const PARAGRAPH_END = /\n[^\S\n]*\n\s*/g;
const SENTENCE_END = /[.!?…]+["'”’)\]]*\s+|[。！？]+[」』”]*/g;
const WORD_END = /\s+/g;

function findCut(text: string, start: number, size: number): number {
  const from = start + Math.ceil(size / 2);
  const to = start + size;
  return (
    lastMatchEnd(text, PARAGRAPH_END, from, to) ??
    lastMatchEnd(text, SENTENCE_END, from, to) ??
    steadyWordEnd(text, start, size) ??
    withoutSplitPair(text, start, to)
  );
}

/** The place after the last match that begins in `[from, to]`: white space there may reach past `to`, the text does not. */
function lastMatchEnd(text: string, pattern: RegExp, from: number, to: number): number | undefined {
  let found: number | undefined;
  // Matches are sought in a slice, so that the work is bounded by the window.
  const window = text.slice(from, to + 1);
  for (const match of window.matchAll(pattern)) {
    const end = from + match.index + match[0].length;
    if (trimEnd(text, from, end) <= to) found = Math.min(end, to);
  }
  return found;
}

/**
 * Where only words can be told apart, the last one in the window would move with every letter typed before it. The word
 * end whose surroundings hash lowest is the same one from slightly different windows (content-defined chunking).
 */
function steadyWordEnd(text: string, start: number, size: number): number | undefined {
  const from = start + Math.ceil(size * 0.75);
  const to = start + size;
  let lowest = Number.POSITIVE_INFINITY;
  let found: number | undefined;
  for (const match of text.slice(from, to + 1).matchAll(WORD_END)) {
    const at = from + match.index;
    if (at > to) break;
    const hash = hashOf(text, Math.max(start, at - 24), at);
    if (hash < lowest) {
      lowest = hash;
      found = Math.min(at + match[0].length, to);
    }
  }
  return found;
}

/** FNV-1a over UTF-16 code units. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The first sentence, else word, that begins at most `overlap` before `end`. */
function overlapStart(text: string, start: number, end: number, overlap: number): number {
  const from = Math.max(start + 1, end - overlap);
  if (from >= end) return end;
  return firstMatchEnd(text, SENTENCE_END, from, end) ?? firstMatchEnd(text, WORD_END, from, end) ?? from;
}

function firstMatchEnd(text: string, pattern: RegExp, from: number, end: number): number | undefined {
  for (const match of text.slice(from - 1, end).matchAll(pattern)) {
    const at = from - 1 + match.index + match[0].length;
    if (at >= from && at < end) return at;
  }
  return undefined;
}

function withoutSplitPair(text: string, start: number, at: number): number {
  if (!isInsidePair(text, at)) return at;
  return at - 1 > start ? at - 1 : at + 1;
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(text, at)) at++;
  return at;
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && isSpace(text, at - 1)) at--;
  return at;
}

function isSpace(text: string, at: number): boolean {
  return /\s/.test(text.charAt(at));
}
