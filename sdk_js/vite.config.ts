import { defineConfig } from "vite";
import { oneLanguage, tighter } from "./vite.frame.js";

// Three builds. The package: what a partner's page imports. The tag: the same as one script. The frame: what the
// gateway serves from its own origin; it lies in the gateway's package, so that a server needs no Node.
const MINIFIED = { target: "es2022", minify: "oxc", sourcemap: false, emptyOutDir: false } as const;

export default defineConfig(({ mode }) => {
  if (mode === "frame") {
    return {
      resolve: { alias: [{ find: /^lit$/, replacement: new URL("src/frame/lit.ts", import.meta.url).pathname }] },
      plugins: [oneLanguage(), tighter()],
      build: {
        ...MINIFIED,
        modulePreload: false,
        outDir: "../gateway/api/frame",
        rolldownOptions: {
          input: { frame: "src/frame/main.ts" },
          preserveEntrySignatures: false,
          output: {
            entryFileNames: "[name].js",
            chunkFileNames: ({ name, facadeModuleId }) => `parts/${[name, facadeModuleId?.split("?")[1]].filter(Boolean).join("-")}.js`,
          },
        },
      },
    };
  }
  if (mode === "tag") {
    return {
      build: {
        ...MINIFIED,
        outDir: "../gateway/api/frame",
        lib: { entry: "src/index.ts", formats: ["iife"], name: "Restock", fileName: () => "restock.js" },
      },
    };
  }
  return {
    build: {
      ...MINIFIED,
      lib: {
        entry: { index: "src/index.ts", pure: "src/pure.ts", client: "src/client/client.ts" },
        formats: ["es"],
      },
    },
  };
});
