-- Each of these reads the store from end to end: they are for a person who asks.

-- name: projects
SELECT project, count(*), sum(size), max(updated_at), sum(kind = 'entry'), sum(kind = 'knowledge'),
       sum(kind = 'conversation'), sum(kind = 'lesson')
  FROM memories WHERE expires_at > :now GROUP BY project ORDER BY sum(size) DESC, project;

-- name: histories
SELECT memories.project, count(*), sum(versions.size)
  FROM versions JOIN memories ON memories.num = versions.memory GROUP BY memories.project;

-- name: days
SELECT at / 86400000, count(*) FROM changes WHERE at >= :since GROUP BY 1 ORDER BY 1;

-- name: totals
SELECT (SELECT count(*) FROM memories WHERE expires_at > :now), (SELECT count(*) FROM memories WHERE buried > 0),
       (SELECT count(*) FROM memories WHERE buried = 0 AND expires_at <= :now), (SELECT count(*) FROM versions),
       (SELECT count(*) FROM changes), (SELECT coalesce(min(at), 0) FROM changes), (SELECT count(*) FROM requests);

-- name: pages
SELECT page_count * page_size, freelist_count * page_size FROM pragma_page_count, pragma_page_size, pragma_freelist_count;
