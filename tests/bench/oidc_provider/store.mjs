// What oidc-provider keeps, in one SQLite file, as durable as the gateway's own: WAL, synchronous=FULL, committed
// before the answer. What waits is committed together, as the gateway's store does; reads are prepared statements.
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64000;
  CREATE TABLE entries (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, expires_at INTEGER,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX entries_grant ON entries (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX entries_uid ON entries (uid) WHERE uid IS NOT NULL;`;
const seconds = () => Math.floor(Date.now() / 1000);

class Committer {
  #database; #waiting = [];

  constructor(database) { this.#database = database; }

  write(statement, ...values) {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ statement, values, resolve, reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  #commit() {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const { statement, values } of batch) statement.run(...values);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
  }
}

// The adapter class of a new file at `path`, for oidc-provider's `adapter` setting.
export function adapters(path) {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const committer = new Committer(database);
  const live = 'AND (expires_at IS NULL OR expires_at > ?)';
  const find = database.prepare(`SELECT payload FROM entries WHERE model = ? AND id = ? ${live}`);
  const findByUid = database.prepare(`SELECT payload FROM entries WHERE model = ? AND uid = ? ${live}`);
  const upsert = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)');
  const consume = database.prepare(
    "UPDATE entries SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?",
  );
  const destroy = database.prepare('DELETE FROM entries WHERE model = ? AND id = ?');
  const revoke = database.prepare('DELETE FROM entries WHERE grant_id = ?');
  const read = (row) => (row === undefined ? undefined : JSON.parse(row.payload));

  return class Adapter {
    constructor(model) { this.model = model; }

    async find(id) { return read(find.get(this.model, id, seconds())); }

    async findByUid(uid) { return read(findByUid.get(this.model, uid, seconds())); }

    async upsert(id, payload, expiresIn) {
      const until = expiresIn ? seconds() + expiresIn : null;
      const { grantId = null, uid = null } = payload;
      await committer.write(upsert, this.model, id, JSON.stringify(payload), grantId, uid, until);
    }

    async consume(id) { await committer.write(consume, seconds(), this.model, id); }

    async destroy(id) { await committer.write(destroy, this.model, id); }

    async revokeByGrantId(grantId) { await committer.write(revoke, grantId); }
  };
}
