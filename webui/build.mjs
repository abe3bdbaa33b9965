// Bundles src/main.tsx and src/style.css, without network.
//   node build.mjs FOLDER          writes FOLDER/page.js and FOLDER/page.css
//   node build.mjs --cc FILE.cc    writes them as C++ constants (src/report/page_assets.h)
import { build } from "esbuild";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

async function bundle(entry) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2021"],
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  return result.outputFiles[0].text;
}

// Adjacent literals of moderate length, ASCII only, so that every compiler reads them.
function literal(text) {
  const bytes = Buffer.from(text, "utf8");
  const lines = [];
  for (let start = 0; start < bytes.length; start += 96) {
    let line = "";
    for (const byte of bytes.subarray(start, start + 96)) {
      const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63;
      line += plain ? String.fromCharCode(byte) : "\\" + byte.toString(8).padStart(3, "0");
    }
    lines.push(`    "${line}"`);
  }
  return lines.join("\n");
}

function constant(name, text) {
  const size = Buffer.byteLength(text, "utf8");
  return `const char ${name}_bytes[] =\n${literal(text)};\n` +
    `const std::string_view ${name}(${name}_bytes, ${size});\n`;
}

const script = await bundle("main.tsx");
const style = await bundle("style.css");
const [mode, file] = process.argv.slice(2);
if (mode === "--cc" && file) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `// Made by webui/build.mjs; not for editing.\n#include "report/page_assets.h"\n\n` +
    `namespace edgetran::report {\n\nnamespace {\n` +
    constant("script", script) + constant("style", style) +
    `}  // namespace\n\nstd::string_view page_script() { return script; }\n` +
    `std::string_view page_style() { return style; }\n\n}  // namespace edgetran::report\n`);
} else if (mode) {
  mkdirSync(mode, { recursive: true });
  writeFileSync(join(mode, "page.js"), script);
  writeFileSync(join(mode, "page.css"), style);
} else {
  console.error("usage: node build.mjs FOLDER | --cc FILE.cc");
  process.exit(2);
}
