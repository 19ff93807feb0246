import { defineConfig } from "vite";
import { COMPONENTS } from "./src/protocol.js";
import { oneLanguage, tighter } from "./vite.frame.js";

// The package: what a partner's page imports. The tag: the same as one script. A mode a component: its frame, one script
// with all but the words, because a merchant loads no other's; what gateways serve from their own origin lies in the
// gateway's package, so that a server needs no Node.
const MINIFIED = { target: "es2022", minify: "oxc", sourcemap: false, emptyOutDir: false } as const;
const SERVED = "../gateway/api/frame";

export default defineConfig(({ mode }) => {
  if ((COMPONENTS as readonly string[]).includes(mode)) {
    return {
      resolve: { alias: [{ find: /^lit$/, replacement: new URL("src/frame/lit.ts", import.meta.url).pathname }] },
      plugins: [oneLanguage(), tighter()],
      build: {
        ...MINIFIED,
        outDir: SERVED,
        // As a library: an application's imports go through a helper that preloads, which nothing here needs.
        lib: { entry: { [mode]: `src/frame/entries/${mode}.ts` }, formats: ["es"] },
        rolldownOptions: {
          preserveEntrySignatures: false,
          output: {
            minify: true,
            entryFileNames: "parts/[name].js",
            chunkFileNames: ({ name, facadeModuleId }) => `parts/${name}-${facadeModuleId?.split("?")[1] ?? "part"}.js`,
          },
        },
      },
    };
  }
  if (mode === "tag") {
    return {
      build: {
        ...MINIFIED,
        outDir: SERVED,
        lib: { entry: "src/index.ts", formats: ["iife"], name: "Restock", fileName: () => "restock.js" },
      },
    };
  }
  return {
    build: {
      ...MINIFIED,
      emptyOutDir: true,
      rolldownOptions: { output: { chunkFileNames: "loader.js" } },
      lib: {
        entry: { index: "src/index.ts", pure: "src/pure.ts", client: "src/client/headless.ts" },
        formats: ["es"],
      },
    },
  };
});
