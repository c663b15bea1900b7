import type { Metadata } from "next";
import { StreamsPage } from "./_components/streams-page.tsx";

export const metadata: Metadata = { title: "Streams" };

export default function Page() {
  return <StreamsPage />;
}
