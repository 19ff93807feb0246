// Reads one JSON line {secret, headers, body}; says what npm's standardwebhooks makes of it.
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  let said;
  try {
    said = { verified: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    said = { refused: error.message };
  }
  console.log(JSON.stringify(said));
}
