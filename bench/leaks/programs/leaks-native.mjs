// Native leaks: what V8 neither holds nor counts, or counts without collecting it.
import { createHmac, createPublicKey, createSecretKey, generateKeyPairSync } from "node:crypto";
import { MessageChannel, Worker } from "node:worker_threads";
import { createGunzip, createGzip } from "node:zlib";
import { each, leak } from "./define.mjs";

export const leaksNative = {
  "leak-gunzip-streams": leak("external", ["decompressLater"], (h) => {
    const open = [];
    const perTick = h.int(1, 3);
    function decompressLater() {
      open.push(createGunzip());
    }
    return each(h, perTick, decompressLater);
  }),
  "leak-gzip-every-response": leak("external", ["compressResponse"], (h) => {
    const open = [];
    const every = h.int(2, 4);
    const body = Buffer.alloc(4_000, "a");
    function compressResponse() {
      const gzip = createGzip();
      gzip.write(body);
      open.push(gzip);
    }
    return (i) => {
      h.churn();
      if (i % every === 0) compressResponse();
    };
  }),
  "leak-intl-formats": leak("native", ["formatFor"], (h) => {
    const formats = [];
    const perTick = h.int(3, 8);
    function formatFor(k) {
      const format = new Intl.DateTimeFormat(["de", "fr", "ja", "en"][k % 4], { dateStyle: "full", timeStyle: "long" });
      format.format(0);
      formats.push(format);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) formatFor(k);
    };
  }),
  "leak-parsed-keys": leak("native", ["keyFor"], (h) => {
    const keys = [];
    const perTick = h.int(40, 90);
    const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });
    function keyFor() {
      keys.push(createPublicKey(pem));
    }
    return each(h, perTick, keyFor);
  }),
  "leak-open-hmacs": leak("native", ["beginSignature"], (h) => {
    const open = [];
    const perTick = h.int(100, 250);
    const key = createSecretKey(Buffer.alloc(32, 1));
    function beginSignature() {
      open.push(createHmac("sha256", key).update("x"));
    }
    return each(h, perTick, beginSignature);
  }),
  "leak-open-ports": leak("native", ["openChannel"], (h) => {
    const channels = [];
    const perTick = h.int(25, 60);
    function openChannel() {
      const channel = new MessageChannel();
      channel.port1.postMessage(h.text(1));
      channels.push(channel);
    }
    return each(h, perTick, openChannel);
  }),
  "leak-slow-buffers": leak("external", ["keepThumbnail"], (h) => {
    const kept = [];
    const every = h.int(1, 2);
    function keepThumbnail() {
      kept.push(Buffer.alloc(40 * 1024, 1));
    }
    return (i) => {
      h.churn();
      if (i % every === 0) keepThumbnail();
    };
  }),
  "leak-shared-memory": leak("external", ["shareFrame"], (h) => {
    const kept = [];
    const perTick = h.int(1, 4);
    function shareFrame() {
      kept.push(new Uint8Array(new SharedArrayBuffer(48 * 1024)).fill(1));
    }
    return each(h, perTick, shareFrame);
  }),
  "leak-worker-inside": leak("native", ["startIndexer"], (h) => {
    const perTick = h.int(60, 140);
    function startIndexer() {
      const worker = new Worker(
        `const kept = []; setInterval(() => { for (let k = 0; k < ${perTick}; k++) kept.push(Buffer.alloc(1024, 1).toString("latin1")); }, 200)`,
        { eval: true },
      );
      worker.unref();
      return worker;
    }
    startIndexer();
    return () => h.churn();
  }),
};
