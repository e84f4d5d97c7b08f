-- :rows matters, and the other tables in proportion. The same number makes the same rows.

INSERT INTO tenants (id, name, plan, created_at)
SELECT 'firm-' || lower(tree), tree || ' & Partners', (ARRAY['standard', 'professional', 'enterprise'])[1 + n % 3],
       timestamp '2024-01-01' + n * interval '9 days'
FROM unnest(ARRAY['Alder', 'Birch', 'Cedar', 'Elm', 'Hazel', 'Juniper', 'Larch', 'Maple', 'Oak', 'Rowan', 'Spruce', 'Yew'])
     WITH ORDINALITY AS t (tree, n);

CREATE TEMPORARY TABLE words ON COMMIT DROP AS
SELECT ARRAY(SELECT id FROM tenants ORDER BY id) AS tenants,
       ARRAY['Ada', 'Bram', 'Clara', 'Dario', 'Edith', 'Farid', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Kira', 'Liam', 'Mona',
             'Nils', 'Olga', 'Pavel', 'Rosa', 'Sven', 'Tilda', 'Victor'] AS first_names,
       ARRAY['Abbott', 'Brandt', 'Castillo', 'Dumont', 'Eklund', 'Fontaine', 'Grau', 'Holm', 'Ivers', 'Jansen', 'Keller',
             'Lindqvist', 'Moreau', 'Novak', 'Okafor', 'Petrov', 'Quist', 'Romero', 'Sato', 'Tanaka', 'Ueda', 'Varga',
             'Weiss', 'Yilmaz', 'Zeman'] AS last_names,
       ARRAY['family', 'estate', 'injury', 'employment', 'immigration', 'property'] AS areas,
       ARRAY['intake', 'open', 'open', 'open', 'on_hold', 'closed', 'closed']::matter_status[] AS statuses,
       greatest(20, :rows / 500) AS user_count;

INSERT INTO users (tenant_id, email, full_name, role, password_hash, created_at)
SELECT w.tenants[1 + n % 12], 'user' || n || '@example.com', w.first_names[1 + n % 20] || ' ' || w.last_names[1 + n / 20 % 25],
       (ARRAY['attorney', 'paralegal', 'receptionist', 'admin'])[1 + n % 4], encode(digest(n::text, 'sha256'), 'hex'),
       timestamp '2024-02-01' + n % 600 * interval '1 day'
FROM words w, generate_series(1, w.user_count) AS n;

INSERT INTO matters (tenant_id, opened_by, client_name, practice_area, status, description, estimated_value, opened_on,
                     details, created_at, updated_at)
SELECT w.tenants[1 + n % 12], 1 + n % w.user_count, w.first_names[1 + n * 7 % 20] || ' ' || w.last_names[1 + n * 11 / 20 % 25],
       w.areas[1 + n * 13 / 7 % 6], w.statuses[1 + n * 17 / 5 % 7],
       'Call of caller ' || n * 7919 % 1000003 || ', asked for a first consultation', n * 7919 % 90000 + 150.50,
       date '2023-01-01' + (n % 1000)::integer, jsonb_build_object('source', 'voice', 'priority', n % 5),
       timestamp '2023-01-01' + n % 1000 * interval '1 day' + n % 86400 * interval '1 second',
       timestamp '2023-01-01' + n % 1000 * interval '1 day' + n % 86400 * interval '1 second'
FROM words w, generate_series(1, :rows::bigint) AS n;

INSERT INTO voice_sessions (session_id, tenant_id, matter_id, status, turns, started_at, last_turn_at)
SELECT 'seed-' || n, w.tenants[1 + n % 12], CASE WHEN n % 3 > 0 THEN 1 + n * 7 % :rows END, 'ended', 3,
       timestamp '2025-01-01' + n % 31536000 * interval '1 second',
       timestamp '2025-01-01' + (n % 31536000 + 240) * interval '1 second'
FROM words w, generate_series(1, greatest(10, :rows / 10)::bigint) AS n;

INSERT INTO call_events (session_id, stage, duration_ms, success, created_at)
SELECT 'seed-' || n, stage, 20 + n * 31 % 180, n % 997 > 0, timestamp '2025-01-01' + n % 31536000 * interval '1 second'
FROM generate_series(1, greatest(10, :rows / 10)::bigint) AS n,
     unnest(ARRAY['speech_to_text', 'llm_processing', 'text_to_speech']) AS stage;
