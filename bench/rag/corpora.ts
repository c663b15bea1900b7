import { existsSync, readFileSync } from "node:fs";

export interface Corpus {
  name: string;
  documents: { id: string; text: string }[];
  questions: { text: string; relevant: ReadonlySet<string> }[];
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
  const relevant = new Map<number, Set<string>>();
  for (const line of read("cranqrel").split("\n")) {
    const [question, document] = line.trim().split(/\s+/);
    if (question === undefined || document === undefined) continue;
    const ids = relevant.get(Number(question)) ?? new Set();
    relevant.set(Number(question), ids.add(document));
  }
  const questions = records(read("cran.qry")).map((record, at) => ({
    text: record.replace(/^[\s\S]*?\.W\s*/, "").trim(),
    relevant: relevant.get(at + 1) ?? new Set<string>(),
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
      qas.map(({ question }) => ({ text: question, relevant: new Set([String(at)]) })),
    ),
  };
}

/** Normalised discounted cumulative gain of the first ten documents; a judged document gains 1. */
export function ndcgAt10(ranked: readonly string[], relevant: ReadonlySet<string>): number {
  const gain = (place: number) => 1 / Math.log2(place + 2);
  const unique = [...new Set(ranked)].slice(0, 10);
  const found = unique.reduce((sum, id, place) => sum + (relevant.has(id) ? gain(place) : 0), 0);
  const best = Array.from({ length: Math.min(10, relevant.size) }, (_, place) => gain(place)).reduce(
    (sum, value) => sum + value,
    0,
  );
  return best === 0 ? 0 : found / best;
}
