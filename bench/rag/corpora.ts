import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Corpus {
  name: string;
  documents: { id: string; text: string }[];
  /** Relevant documents with what each is worth. */
  questions: { text: string; relevant: ReadonlyMap<string, number> }[];
}

const SHARED = new URL("../../../shared/data/corpora/", import.meta.url);

/** The Cranfield collection and XQuAD (English), as `../shared/data/README.md` describes them; null where they are not there. */
export function readCranfield(): Corpus | null {
  if (!existsSync(new URL("cranfield/cran.all.1400", SHARED))) return null;
  const read = (name: string) => readFileSync(new URL(`cranfield/${name}`, SHARED), "utf8");
  const records = (text: string) => text.split(/^\.I /m).slice(1);
  const documents = records(read("cran.all.1400")).map((record, at) => {
    const [, title = "", text = ""] = /\.T\n([\s\S]*?)\.A\n[\s\S]*?\.W\n?([\s\S]*)$/.exec(record) ?? [];
    return { id: String(at + 1), text: text.trim() || title.trim() };
  });
  const relevant = new Map<number, Map<string, number>>();
  for (const line of read("cranqrel").split("\n")) {
    const [question, document] = line.trim().split(/\s+/);
    if (question === undefined || document === undefined) continue;
    const ids = relevant.get(Number(question)) ?? new Map();
    relevant.set(Number(question), ids.set(document, 1));
  }
  const questions = records(read("cran.qry")).map((record, at) => ({
    text: record.replace(/^[\s\S]*?\.W\s*/, "").trim(),
    relevant: relevant.get(at + 1) ?? new Map<string, number>(),
  }));
  return { name: "cranfield", documents: documents.filter(({ text }) => text !== ""), questions };
}

interface Squad {
  data: { paragraphs: { context: string; qas: { question: string }[] }[] }[];
}

export function readXquad(): Corpus | null {
  const file = new URL("xquad/xquad.en.json", SHARED);
  if (!existsSync(file)) return null;
  const { data }: Squad = JSON.parse(readFileSync(file, "utf8"));
  const paragraphs = data.flatMap((article) => article.paragraphs);
  return {
    name: "xquad",
    documents: paragraphs.map(({ context }, at) => ({ id: String(at), text: context })),
    questions: paragraphs.flatMap(({ qas }, at) =>
      qas.map(({ question }) => ({ text: question, relevant: new Map([[String(at), 1]]) })),
    ),
  };
}

/** A corpus in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, and `qrels/test.tsv` with a head line. Questions nobody judged are left out. */
export function readBeir(directory: string): Corpus {
  const lines = (name: string) => readFileSync(path.join(directory, name), "utf8").trim().split("\n");
  const records = <T>(name: string) => lines(name).map((line) => JSON.parse(line) as T);
  const relevant = new Map<string, Map<string, number>>();
  for (const line of lines("qrels/test.tsv").slice(1)) {
    const [question = "", document = "", worth = ""] = line.split("\t");
    if (Number(worth) > 0) relevant.set(question, (relevant.get(question) ?? new Map()).set(document, Number(worth)));
  }
  return {
    name: path.basename(directory).replaceAll(/[^A-Za-z0-9_-]/g, "-"),
    documents: records<{ _id: string; title?: string; text: string }>("corpus.jsonl").map(({ _id, title, text }) => ({
      id: _id,
      text: title ? `${title}\n${text}` : text,
    })),
    questions: records<{ _id: string; text: string }>("queries.jsonl").flatMap(({ _id, text }) => {
      const worths = relevant.get(_id);
      return worths === undefined ? [] : [{ text, relevant: worths }];
    }),
  };
}

/** Normalised discounted cumulative gain of the first ten documents. */
export function ndcgAt10(ranked: readonly string[], relevant: ReadonlyMap<string, number>): number {
  const sum = (worths: readonly number[]) =>
    worths.slice(0, 10).reduce((total, worth, place) => total + worth / Math.log2(place + 2), 0);
  const best = sum([...relevant.values()].sort((a, b) => b - a));
  return best === 0 ? 0 : sum([...new Set(ranked)].map((id) => relevant.get(id) ?? 0)) / best;
}
