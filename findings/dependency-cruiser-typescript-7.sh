#!/usr/bin/env bash
# dependency-cruiser 17 finds no TypeScript file in a folder when TypeScript 7 is installed, and says nothing about it.
# A folder holds one .ts and one .mjs file. Beside TypeScript 5.9 `depcruise src` looks at both; beside TypeScript 7 at the .mjs alone, with exit
# code 0 and no warning. The same .ts file given by its name is looked at beside both. So a gate that names folders goes on being green
# and checks nothing: name the files, and compare how many were looked at.
# Versions: dependency-cruiser 17.4.3 with typescript 7.0.2 (surprising) and 5.9.3 (as expected).
# Output seen: "typescript 7.0.2, folder: src/b.mjs", "typescript 7.0.2, file: src/a.ts", "typescript 5.9.3, folder: src/a.ts src/b.mjs".
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

look() { # TYPESCRIPT WHAT ARGUMENT EXPECTED
  local seen
  seen=$(cd "ts-$1" && npx --no-install depcruise --no-config --output-type json "$3" |
    node -e 'const { modules } = JSON.parse(require("node:fs").readFileSync(0)); console.log(modules.map(({ source }) => source).sort().join(" "))')
  echo "typescript $1, $2: ${seen:-nothing}"
  [ "$seen" = "$4" ]
}

for version in 7.0.2 5.9.3; do
  mkdir -p "ts-$version/src"
  (
    cd "ts-$version"
    echo '{ "private": true, "type": "module" }' >package.json
    echo 'export const a: number = 1;' >src/a.ts
    echo 'export const b = 2;' >src/b.mjs
    npm install --silent --no-audit --no-fund dependency-cruiser@17.4.3 "typescript@$version"
  )
done
look 7.0.2 folder src "src/b.mjs"
look 7.0.2 file src/a.ts "src/a.ts"
look 5.9.3 folder src "src/a.ts src/b.mjs"
