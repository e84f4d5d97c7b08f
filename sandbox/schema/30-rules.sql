ALTER TABLE users
  ADD PRIMARY KEY (id),
  ADD CONSTRAINT users_email_key UNIQUE (email),
  ADD CONSTRAINT users_role_check CHECK (role IN ('attorney', 'paralegal', 'receptionist', 'admin')),
  ADD CONSTRAINT users_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
CREATE INDEX users_full_name_trgm ON users USING gin (full_name gin_trgm_ops);

ALTER TABLE matters
  ADD PRIMARY KEY (id),
  ADD CONSTRAINT matters_estimated_value_check CHECK (estimated_value >= 0),
  ADD CONSTRAINT matters_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants,
  ADD CONSTRAINT matters_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES users;
CREATE UNIQUE INDEX matters_reference_key ON matters (reference);
CREATE INDEX matters_tenant_status ON matters (tenant_id, status);
CREATE INDEX matters_opened_on ON matters (opened_on);
CREATE INDEX matters_in_intake ON matters (created_at) WHERE status = 'intake';

ALTER TABLE voice_sessions
  ADD PRIMARY KEY (session_id),
  ADD CONSTRAINT voice_sessions_status_check CHECK (status IN ('active', 'ended', 'failed')),
  ADD CONSTRAINT voice_sessions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants,
  ADD CONSTRAINT voice_sessions_matter_fkey FOREIGN KEY (matter_id) REFERENCES matters ON DELETE SET NULL;
CREATE INDEX voice_sessions_started_at ON voice_sessions (started_at);

ALTER TABLE call_events
  ADD PRIMARY KEY (id),
  ADD CONSTRAINT call_events_session_fkey FOREIGN KEY (session_id) REFERENCES voice_sessions ON DELETE CASCADE;
CREATE INDEX call_events_session ON call_events (session_id);

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now() AT TIME ZONE 'UTC';
  RETURN NEW;
END
$$;
CREATE TRIGGER matters_touch BEFORE UPDATE ON matters FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE VIEW open_matters AS
  SELECT id, reference, tenant_id, client_name, practice_area, opened_on FROM matters WHERE status = 'open';
CREATE MATERIALIZED VIEW matters_by_practice_area AS
  SELECT tenant_id, practice_area, count(*) AS matters, sum(estimated_value) AS estimated_value
  FROM matters GROUP BY tenant_id, practice_area;
CREATE UNIQUE INDEX matters_by_practice_area_key ON matters_by_practice_area (tenant_id, practice_area);

SELECT setval('invoice_numbers', 1000 + :rows);

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hermes_readonly') THEN
    CREATE ROLE hermes_readonly NOLOGIN;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO hermes_readonly;
GRANT SELECT ON tenants, users, matters, open_matters, matters_by_practice_area TO hermes_readonly;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_without_admins ON users FOR SELECT TO hermes_readonly USING (role <> 'admin');

COMMENT ON TABLE matters IS 'One legal matter of one firm''s client';
COMMENT ON COLUMN matters.details IS 'What the voice agent understood of the call';

-- What belongs to the database itself, and not to anything inside it.
GRANT CONNECT ON DATABASE :"DBNAME" TO hermes_readonly;
ALTER DATABASE :"DBNAME" SET hermes.region = 'us-east';
ALTER DATABASE :"DBNAME" SET work_mem = '8MB';
COMMENT ON DATABASE :"DBNAME" IS 'HERMES: tenants, matters and voice sessions';

ANALYZE;
