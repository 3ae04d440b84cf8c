-- name: entities
SELECT name, entity_type, CAST(round((julianday(created_at) - 2440587.5) * 86400000) AS INTEGER)
  FROM entities ORDER BY created_at, name;

-- name: observations
SELECT content FROM observations WHERE entity_name = :name ORDER BY id;

-- name: relations
SELECT source, relation_type, target FROM relations ORDER BY id;
