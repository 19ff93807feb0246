// The gateway's description as TypeScript: made before every check, test and build, and kept nowhere.
import { writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const description = new URL("../../tests/api/openapi.json", import.meta.url);
const types = astToString(await openapi(description, { defaultNonNullable: false }));
writeFileSync(new URL("../src/client/api.ts", import.meta.url), `// Made by npm run types.\n${types}`);
