-- name: has_migrations
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations';

-- name: create_migrations
CREATE TABLE IF NOT EXISTS migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  min_reader INTEGER NOT NULL,
  min_writer INTEGER NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

-- name: applied_migrations
SELECT number, name, checksum, min_reader, min_writer FROM migrations ORDER BY number;

-- name: record_migration
INSERT INTO migrations (number, name, checksum, min_reader, min_writer, applied_at)
VALUES (:number, :name, :checksum, :min_reader, :min_writer,
        CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER));
