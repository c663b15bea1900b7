import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PACKAGES = path.resolve(import.meta.dirname, "../..");
const PEERS = path.join(import.meta.dirname, "node_modules");

function npm(cwd: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} in ${cwd}:\n${stdout}${stderr}`);
  return stdout;
}

/** A folder that was empty, in which both packages are installed from what `npm pack` makes, and beside them their peers. */
export function packedFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-packed-"));
  // The client first: the declarations of the adapters name its.
  const { status, stderr } = spawnSync(process.execPath, [path.join(PACKAGES, "build.mjs"), "client", "adapters"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`packages/build.mjs: ${stderr}`);
  const tarballs = ["client", "adapters"].map((name) => {
    const lines = npm(path.join(PACKAGES, name), ["pack", "--silent", "--pack-destination", folder]).trim().split("\n");
    return path.join(folder, lines.at(-1) ?? "");
  });
  npm(folder, ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", ...tarballs]);
  for (const name of names(PEERS)) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(path.join(PEERS, name), link);
  }
  return folder;
}

function names(modules: string): string[] {
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith(".") || name === "@headroom") return [];
    return name.startsWith("@") ? readdirSync(path.join(modules, name)).map((scoped) => `${name}/${scoped}`) : [name];
  });
}
