/** Build the grid for browsers; the sources' digest stands in the first line, so a test sees a stale build. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const SOURCES = ["bc-grid.ts", "clipboard.ts", "numbers.ts"];
const digest = createHash("sha256");
for (const name of SOURCES) digest.update(readFileSync(new URL(name, import.meta.url)));

await build({
  entryPoints: ["bc-grid.ts"],
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  outfile: "../src/portal/static/bc-grid.js",
  banner: { js: `/* sources ${digest.digest("hex")} */` },
});
