import { defineConfig } from "vite";

// Three builds. The package: what a partner's page imports. The tag: the same as one script. The frame: what the
// gateway serves from its own origin; it lies in the gateway's package, so that a server needs no Node.
const MINIFIED = { target: "es2022", minify: "oxc", sourcemap: false, emptyOutDir: false } as const;

export default defineConfig(({ mode }) => {
  if (mode === "frame") {
    return {
      build: {
        ...MINIFIED,
        outDir: "../gateway/api/frame",
        rolldownOptions: { input: "src/frame/main.ts", output: { entryFileNames: "frame.js", codeSplitting: false } },
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
