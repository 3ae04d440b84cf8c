-- name: entries_v2
SELECT key, namespace, value, NULL, metadata, created_at * 1000, updated_at * 1000, expires_at * 1000, 'active'
  FROM memory_entries ORDER BY id;

-- name: entries_v3
SELECT key, namespace, content, tags, metadata, created_at, updated_at, expires_at, status
  FROM memory_entries ORDER BY created_at, id;

-- name: reasoning_patterns
SELECT id, task_type, approach, tags, success_rate, ts * 1000 FROM reasoning_patterns ORDER BY id;

-- name: tiered_memory
SELECT id, key, value, tier, ts FROM tiered_memory WHERE archived = 0 AND superseded_by IS NULL ORDER BY ts, id;
