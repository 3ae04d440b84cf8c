-- name: conversations
SELECT id, session_id, user_id, message, response, context,
       CAST(round((julianday(timestamp) - 2440587.5) * 86400000) AS INTEGER)
  FROM conversations ORDER BY id;

-- name: knowledge_base
SELECT id, topic, content, source, tags, priority,
       CAST(round((julianday(created_at) - 2440587.5) * 86400000) AS INTEGER)
  FROM knowledge_base ORDER BY id;
