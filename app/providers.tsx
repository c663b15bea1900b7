"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { Tooltip } from "radix-ui";
import { type ReactNode, useState } from "react";
import { Toaster } from "sonner";
import { ProblemError } from "../lib/client/problem.ts";

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(createQueryClient);
  return (
    <NuqsAdapter>
      <QueryClientProvider client={client}>
        <Tooltip.Provider delayDuration={400}>{children}</Tooltip.Provider>
        <Toaster
          position="bottom-right"
          theme="system"
          toastOptions={{
            classNames: {
              toast: "!rounded-md !border !border-line !bg-surface-1 !text-strong !shadow-panel",
              description: "!text-soft",
            },
          }}
        />
      </QueryClientProvider>
    </NuqsAdapter>
  );
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The socket brings what is new; asking again on each focus would only cost the server memory.
        refetchOnWindowFocus: false,
        staleTime: 10_000,
        retry: (failures, error) => failures < 2 && !isFinal(error),
      },
    },
  });
}

/** What the server has decided does not change by asking again. */
function isFinal(error: unknown): boolean {
  return error instanceof ProblemError && error.status < 500;
}
