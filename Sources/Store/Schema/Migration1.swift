/// Version 1 of the schema. Shipped migrations are never edited: a change is a new migration.
enum Migration1 {
    static let sql = """
        CREATE TABLE proxy (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          started_ms INTEGER NOT NULL,
          heartbeat_ms INTEGER NOT NULL,
          stopped_ms INTEGER,
          version TEXT NOT NULL,
          address TEXT NOT NULL,
          pid INTEGER NOT NULL,
          registration_timeout_ms INTEGER NOT NULL,
          scrapes INTEGER NOT NULL DEFAULT 0,
          failures INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE client (
          id INTEGER PRIMARY KEY,
          fqdn TEXT NOT NULL UNIQUE,
          first_seen_ms INTEGER NOT NULL,
          last_seen_ms INTEGER NOT NULL,
          expires_ms INTEGER NOT NULL,
          connected INTEGER NOT NULL,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL,
          median_duration_us INTEGER,
          last_scrape_ms INTEGER,
          last_duration_us INTEGER,
          last_status INTEGER,
          last_bytes INTEGER,
          last_failure_ms INTEGER,
          last_failure_kind TEXT,
          last_failure_text TEXT,
          instance TEXT,
          agent TEXT,
          address TEXT,
          conflict_ms INTEGER
        ) STRICT;

        CREATE TABLE client_history (
          client_id INTEGER PRIMARY KEY REFERENCES client(id) ON DELETE CASCADE,
          outcomes TEXT NOT NULL,
          durations_us BLOB NOT NULL
        ) STRICT;

        CREATE TABLE client_failures (
          client_id INTEGER NOT NULL REFERENCES client(id) ON DELETE CASCADE,
          kind TEXT NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (client_id, kind)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE failure (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time_ms INTEGER NOT NULL,
          fqdn TEXT NOT NULL,
          kind TEXT NOT NULL,
          text TEXT NOT NULL,
          scrape_id TEXT NOT NULL,
          target TEXT NOT NULL,
          duration_us INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX failure_by_fqdn ON failure (fqdn, id);

        CREATE TABLE second (
          second INTEGER PRIMARY KEY,
          queued INTEGER NOT NULL,
          in_flight INTEGER NOT NULL,
          live_clients INTEGER NOT NULL,
          scrapes INTEGER NOT NULL,
          failures INTEGER NOT NULL
        ) STRICT;

        CREATE VIEW client_state AS
          SELECT client.*,
            CASE
              WHEN connected = 1 AND in_flight > 0 THEN 'in_flight'
              WHEN connected = 1 THEN 'connected'
              WHEN expires_ms > (SELECT heartbeat_ms FROM proxy) THEN 'stale'
              ELSE 'gone'
            END AS state
          FROM client;

        CREATE VIEW live_clients AS
          SELECT fqdn, state, queued, in_flight, scrapes, failures,
            datetime(last_seen_ms / 1000, 'unixepoch') AS last_seen,
            last_failure_kind, last_failure_text
          FROM client_state WHERE state <> 'gone' ORDER BY fqdn;

        CREATE VIEW recent_failures AS
          SELECT datetime(time_ms / 1000, 'unixepoch') AS time, fqdn, kind, text, target, scrape_id,
            duration_us / 1000 AS duration_ms
          FROM failure ORDER BY id DESC;
        """
}
