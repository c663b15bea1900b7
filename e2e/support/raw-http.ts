import net from "node:net";

/** Sends bytes as they are and returns the status and body of the answer: what no HTTP client would send. */
export function sendRaw(
  url: string,
  text: string | Buffer,
  { waitMs = 5_000 } = {},
): Promise<{ status: number; head: string; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      const answer = Buffer.concat(chunks).toString("utf8");
      const split = answer.indexOf("\r\n\r\n");
      const head = split === -1 ? answer : answer.slice(0, split);
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), head, body: answer.slice(split + 4) });
    };
    const timer = setTimeout(finish, waitMs);
    socket.on("error", (error) => (chunks.length > 0 ? finish() : reject(error)));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", finish);
    socket.write(text);
  });
}
