import { Headroom } from "@headroom/client";
import { OPERATOR_KEY, TestServer } from "../../../e2e/support/server.ts";

export interface Running {
  readonly url: string;
  readonly key: string;
  readonly client: Headroom;
  /** Ends it by a signal, and starts it again on the same database. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

/** A server for the tests of one file: it is there before the first and gone after the last. */
export function headroom(env: Readonly<Record<string, string>> = {}): Running {
  let server: TestServer;
  let client: Headroom;
  const start = async (dir?: string, port = "0") => {
    server = await TestServer.start({
      env: { HEADROOM_LOG_LEVEL: "warn", PORT: port, ...env },
      ...(dir === undefined ? {} : { dir }),
    });
    client = new Headroom({ url: server.url, key: OPERATOR_KEY });
  };
  beforeAll(() => start());
  afterAll(() => server.remove());
  return {
    get url() {
      return server.url;
    },
    key: OPERATOR_KEY,
    get client() {
      return client;
    },
    async restart(signal = "SIGTERM") {
      const { dir, url } = server;
      await server.stop(signal);
      // Clients know the address.
      await start(dir, new URL(url).port);
    },
  };
}

/** A client whose requests are counted. */
export function counted({ url, key }: Running): { client: Headroom; calls: () => number } {
  let calls = 0;
  const counting: typeof fetch = (input, init) => {
    calls++;
    return fetch(input, init);
  };
  return { client: new Headroom({ url, key, fetch: counting }), calls: () => calls };
}
